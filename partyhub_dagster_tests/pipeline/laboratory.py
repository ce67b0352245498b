"""What contents mean and weigh, by the hub's own code: all at once, from scratch, in a hub of their own."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from partyhub_dagster.hub import Hub, Run
from partyhub_dagster.identity.affected import KIND_CODES
from partyhub_dagster.identity.thresholds import Thresholds
from partyhub_dagster_tests.factories import deliver, make_hub, open_hub
from partyhub_dagster_tests.pipeline.contents import Content, Families
from partyhub_dagster_tests.pipeline.deliveries import HUB_YAML, Row, text_of

Offered = tuple[tuple[str, bool | None], ...]
"""Values that a record offers for an attribute, in its order: cleaned text, and whether its check passed."""


@dataclass(frozen=True)
class Laboratory:
    """Contents with what they mean, what each two of them weigh, and an empty hub to start histories from."""

    families: Families
    values: dict[Content, dict[str, Offered]]
    weights: dict[tuple[Content, Content], int]
    limits: dict[int, Thresholds]
    """By the code of the kind."""
    empty: Path

    def new_hub(self, folder: Path) -> Hub:
        """Return an empty hub in a new folder."""
        shutil.copytree(self.empty, folder)
        return open_hub(folder)


def prepare(folder: Path, families: Families) -> Laboratory:
    """Normalise and weigh all contents, each held by two records, so that each is weighed with itself too.

    Raises:
        AssertionError: what a content means, or what two weigh, depends on the records that hold them.
    """
    empty = make_hub(folder / "empty", HUB_YAML)
    with empty.run():
        pass  # tables and nothing in them
    shutil.copytree(folder / "empty", folder / "all")
    hub = open_hub(folder / "all")
    contents = [content for family in families for content in family]
    rows = [Row(f"{n}{twin}", content, "1", "I") for n, content in enumerate(contents) for twin in "ab"]
    deliver(hub, "crm/all.csv", text_of("crm", rows))
    with hub.run() as run:
        run.load("crm")
        run.normalize()
        for kind in run.kinds():
            run.ensure_model(kind)
            run.block(kind)
            run.score(kind)
        limits = {KIND_CODES[kind]: held for kind, held in run.thresholds().items()}
        return Laboratory(families, _values(run, contents), _weights(run, contents), limits, folder / "empty")


def _values(run: Run, contents: list[Content]) -> dict[Content, dict[str, Offered]]:
    found: dict[Content, dict[str, Offered]] = {}
    query = 'select source_record_id, "values" from normalized_parties order by source_record_id'
    for name, values in run.session.con.execute(query).fetchall():
        content = contents[int(name[:-1])]
        offered = {a: tuple((v["value"], v["valid"]) for v in listed) for a, listed in values.items()}
        assert found.setdefault(content, offered) == offered
    return found


def _weights(run: Run, contents: list[Content]) -> dict[tuple[Content, Content], int]:
    found: dict[tuple[Content, Content], int] = {}
    rows = run.session.con.execute(
        "select l.source_record_id, r.source_record_id, weight from match_edges as e"
        " join normalized_parties as l using (record_id) join normalized_parties as r on r.record_id = e.other_id"
    ).fetchall()
    scored = {(left, right): weight for left, right, weight in rows}
    for n, one in enumerate(contents):
        for m, other in enumerate(contents):
            pairs = [(f"{n}{a}", f"{m}{b}") for a in "ab" for b in "ab" if (n, a) != (m, b)]
            weights = {scored.get(pair) for pair in pairs}
            assert len(weights) == 1, "what two contents weigh depends on the records that hold them"
            weight = weights.pop()
            if weight is not None:
                found[one, other] = weight
    return found
