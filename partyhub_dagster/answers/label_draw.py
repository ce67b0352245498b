"""Drawing pairs to learn from: evenly over their weights, where an audit draws by how many pairs there are.

Most pairs are plain either way and teach nothing; so every band of weights gets its turn, whatever it holds.
"""

from partyhub_dagster.answers.audit_draw import Audit, Drawn, opaque_id
from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import NotFoundError
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster.matching.model import Kind

_LOWEST, _HIGHEST, _BAND = -8_000, 16_000, 3_000
"""Bands of weights, in millibits; what lies above belongs to the last."""


def draw_to_learn(place: LakePlace, config: HubConfig, labels: int, seed: int, kind: Kind | None) -> Audit:
    """Draw scored pairs of the newest release for people to label. The same seed draws the same pairs of a release.

    Raises:
        NotFoundError: no pair was scored.
    """
    kinds = [kind] if kind else sorted(config.kinds)
    with read_release(place) as (con, release):
        rows = con.execute(
            """
            with banded as (
                select kind, record_id, other_id, greatest(0, (least(weight, $highest) - $lowest) // $width) as band
                from match_edges where record_id < other_id and list_contains($kinds, kind)
            ),
            ordered as (
                select *, row_number() over (
                    partition by kind, band
                    order by md5(concat_ws(':', $seed, record_id, other_id)), record_id, other_id) as place
                from banded
            )
            select kind, band, record_id, other_id from ordered order by place, band, kind limit $labels
            """,
            {
                "kinds": kinds, "seed": str(seed), "labels": labels, "lowest": _LOWEST, "highest": _HIGHEST - 1,
                "width": _BAND,
            },
        ).fetchall()  # fmt: skip
    if not rows:
        raise NotFoundError(
            "No pair of records was scored, so there is none to label.",
            remedy="Bring records of which some may be one party, and build.",
        )
    pairs = [
        Drawn(opaque_id(seed, one, other), kind, band, one, other, ()) for kind, band, one, other in rows
    ]
    return Audit(release.number, seed, {}, {}, tuple(sorted(pairs, key=lambda pair: pair.pair_id)))
