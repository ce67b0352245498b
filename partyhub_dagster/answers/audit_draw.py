"""Drawing an audit: how many labels each stratum gets, and which of its pairs."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np

from partyhub_dagster.answers.audit_frame import BANDS, create_frame
from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import ConfigError
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster.matching.model import Kind

_LEAST = 4
"""Labels that every stratum gets, if it has so many pairs."""
FEWEST = 30
"""Labels below which nothing worth reading comes out."""

Sizes = dict[tuple[str, int], float]
"""Kind and band -> pairs in it."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A pair to be labelled; its place says nothing of what the hub thinks of it."""

    pair_id: str
    kind: str
    band: int
    one: uuid.UUID
    other: uuid.UUID
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """A drawn sample with all that its report needs: sizes of the strata, whole and by source."""

    release: int
    seed: int
    sizes: Sizes
    by_source: dict[str, Sizes]
    pairs: tuple[Drawn, ...]


def draw_audit(place: LakePlace, config: HubConfig, labels: int, seed: int | None) -> Audit:
    """Draw pairs of the newest release for people to label. The same seed draws the same pairs of the same release.

    Raises:
        ConfigError: so few labels tell nothing.
    """
    if labels < FEWEST:
        raise ConfigError(
            f"{labels} labels would give intervals as wide as knowing nothing.",
            remedy=f"Ask for {FEWEST} or more; 300 is a good start.",
        )
    with read_release(place) as (con, release):
        seed = release.number if seed is None else seed
        kinds: list[Kind] = [kind for kind in ("person", "organization") if kind in config.kinds]
        rows, sizes, by_source = collect_frames(con, kinds, seed)
        shares = share_labels(rows, sizes, labels)
        pairs = _draw(con, shares, seed)
        return Audit(release.number, seed, sizes, by_source, tuple(pairs))


def collect_frames(
    con: duckdb.DuckDBPyConnection, kinds: Sequence[Kind], seed: int
) -> tuple[dict[tuple[str, int], int], Sizes, dict[str, Sizes]]:
    """Create temp table `audit_pairs` (kind, band, one, other, counts, sources); return rows and sizes of strata."""
    con.execute(
        "create or replace temp table audit_pairs"
        " (kind varchar, band integer, one uuid, other uuid, counts double, sources varchar[])"
    )
    for kind in kinds:
        create_frame(con, kind, seed)
        con.execute(
            "insert into audit_pairs select $kind, band, one, other, counts,"
            " list_sort(list_distinct([l.source, r.source])) from audit_frame as f"
            " join audit_records as l on l.record_id = f.one join audit_records as r on r.record_id = f.other",
            {"kind": kind},
        )
    con.execute("drop table if exists audit_frame; drop table if exists audit_records")
    strata = con.execute(
        "select kind, band, count(*), sum(counts) from audit_pairs group by all order by all"
    ).fetchall()
    parts = con.execute(
        "select source, kind, band, sum(counts) from (select kind, band, counts, unnest(sources) as source"
        " from audit_pairs) group by all order by all"
    ).fetchall()
    by_source: dict[str, Sizes] = {}
    for source, kind, band, size in parts:
        by_source.setdefault(source, {})[kind, band] = float(size)
    rows = {(kind, band): int(count) for kind, band, count, _ in strata}
    return rows, {(kind, band): float(size) for kind, band, _, size in strata}, by_source


def share_labels(
    rows: Mapping[tuple[str, int], int], sizes: Sizes, labels: int
) -> dict[tuple[str, int], int]:
    """Share labels out among strata, more where more is at stake: Neyman's rule with rates as they are thought to be.

    Neyman 1934: labels in proportion to pairs times the standard deviation of the answer. Every stratum gets a few,
    as a rate may not be what is thought.
    """
    strata = list(sizes)
    likely = np.array([BANDS[band].likely for _, band in strata])
    pairs = np.array([sizes[stratum] for stratum in strata])
    most = np.array([rows[stratum] for stratum in strata])
    shares = np.minimum(_LEAST, most)
    stake = pairs * np.sqrt(likely * (1 - likely))
    while (left := labels - int(shares.sum())) > 0 and (open_ := shares < most).any():
        wanted = np.where(open_, stake, 0.0)
        ideal = labels * wanted / wanted.sum() - shares
        ideal = np.where(open_, np.maximum(ideal, 0.0), 0.0)
        if ideal.sum() <= 0:
            ideal = wanted
        more = np.minimum(np.floor(left * ideal / ideal.sum()).astype(int), most - shares)
        if not more.any():
            more[int(np.argmax(ideal))] = 1
        shares = shares + more
    return {stratum: int(count) for stratum, count in zip(strata, shares, strict=True)}


def _draw(con: duckdb.DuckDBPyConnection, shares: Mapping[tuple[str, int], int], seed: int) -> list[Drawn]:
    """Draw by a hash of seed and pair, without replacement, and shuffle by another."""
    con.execute("create or replace temp table audit_shares (kind varchar, band integer, n integer)")
    for (kind, band), count in shares.items():
        con.execute("insert into audit_shares values ($k, $b, $n)", {"k": kind, "b": band, "n": count})
    rows = con.execute(
        """
        with ordered as (
            select *, row_number() over (
                partition by kind, band order by md5(concat_ws(':', $seed, one, other)), one, other) as place
            from audit_pairs
        )
        select kind, band, one, other, sources from ordered join audit_shares using (kind, band) where place <= n
        """,
        {"seed": str(seed)},
    ).fetchall()
    drawn = [
        Drawn(opaque_id(seed, one, other), kind, band, one, other, tuple(sources))
        for kind, band, one, other, sources in rows
    ]
    return sorted(drawn, key=lambda pair: pair.pair_id)


def opaque_id(seed: int, *ids: Any) -> str:
    """Name a pair by a hash that also puts it in an order of its own."""
    return hashlib.sha256(f"audit:{seed}:{ids}".encode()).hexdigest()[:16]
