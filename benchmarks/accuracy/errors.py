"""What the hub gets wrong on a set, by cause and by what the two records of a pair share; never on `report`.

python -m benchmarks.accuracy.errors
"""

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.accuracy.hubs import create_compared_pairs, run_hub, write_half
from benchmarks.accuracy.labels import labels_tool, run_hub_with_labels
from benchmarks.accuracy.page import HUB, put_into_page
from benchmarks.accuracy.sets import REST, SETS, LabelledSet
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.ids import record_id_sql

LABELS = {"historical_50k": 1_000, "chicago_childcare": 50}
"""Set -> how many labels it is looked at with, too."""

_SHARED = {
    "same name": "one.name_full = other.name_full",
    "some words of it": "one.name_full <> other.name_full and list_has_any(one.name_tokens, other.name_tokens)",
    "no word of it": "not list_has_any(one.name_tokens, other.name_tokens)",
    "nothing else agrees": "{agreeing} = 0",
    "one other value": "{agreeing} = 1",
    "more": "{agreeing} > 1",
}
_AGREEING = " + ".join(
    f"coalesce({agrees}, false)::int"
    for agrees in (
        "one.birth_date = other.birth_date",
        "(one.postcode = other.postcode or list_has_any(one.addresses, other.addresses))",
        "list_has_any(one.phones, other.phones)",
        "list_has_any(one.emails, other.emails)",
        "list_has_any(one.ids, other.ids)",
    )
)
_CAUSE = """
    case when one.entity_id <> other.entity_id then
            case when weight >= {link} then 'joined: they look like one' else 'joined through other records' end
        when compared.record_id_l is null then 'missed: no blocking key in common'
        when weight is null then 'missed: weigh less than `keep`'
        when one.component_id <> other.component_id then 'missed: no chain of links'
        else 'missed: one component, but the mean is too low' end
"""


def main() -> None:
    """Build the sets, and put the table into docs/accuracy.md."""
    heads = ["set", "tool", "error", "pairs", *_SHARED]
    lines = [f"| {' | '.join(heads)} |", f"|---|---|---|{'---:|' * (len(heads) - 3)}"]
    for labelled in (labelled for labelled in SETS if labelled.name in LABELS):
        with tempfile.TemporaryDirectory(prefix="partyhub-errors-") as work:
            for tool, home in _hubs(labelled, Path(work)).items():
                rows = _errors(home, write_half(labelled, REST, Path(work)))
                lines += [f"| {labelled.name} | {tool} | {' | '.join(map(str, row))} |" for row in rows]
    put_into_page("errors", "\n".join(lines) + "\n")


def _hubs(labelled: LabelledSet, work: Path) -> dict[str, Path]:
    """Build the set without labels and with them; return tool -> home."""
    run_hub(labelled, work, [])
    homes = {HUB: work / f"{labelled.name}_home"}
    count = LABELS[labelled.name]
    taught = run_hub_with_labels(labelled, work, count, [])
    if taught and "error" not in taught:
        homes[labels_tool(count)] = work / f"{labelled.name}_{count}_labels"
    return homes


def _errors(home: Path, truth: Path) -> list[tuple[Any, ...]]:
    """Return cause, pairs, and how many of them share what, of the pairs of the key that the hub gets wrong."""
    with LakePlace(home).connect(read_only=True) as con:
        create_compared_pairs(con)
        [(link,)] = con.execute(
            "select min((artefact->>'$.thresholds.link')::double) * 1000 from match_models where status = 'active'"
        ).fetchall()
        con.execute(
            "create temp table judged as select entity_id, party_id, component_id, held.*"
            f" from (select {record_id_sql('source', 'source_record_id')} as record_id, entity_id"
            f" from read_csv('{truth}', all_varchar = true))"
            " join party_clusters using (record_id) join normalized_parties as held using (record_id)"
        )
        con.execute(
            f"create temp table wrong as select {_CAUSE.format(link=link)} as cause, one, other"
            " from judged as one join judged as other on one.record_id < other.record_id"
            " and (one.entity_id = other.entity_id) <> (one.party_id = other.party_id)"
            " left join compared_pairs as compared"
            " on compared.record_id_l = one.record_id and compared.record_id_r = other.record_id"
            " left join match_edges as e on e.record_id = one.record_id and e.other_id = other.record_id"
        )
        counts = ", ".join(
            f"count(*) filter ({shared.format(agreeing=_AGREEING)})" for shared in _SHARED.values()
        )
        return con.execute(
            f"select cause, count(*), {counts} from wrong group by cause order by cause"
        ).fetchall()


if __name__ == "__main__":
    main()
