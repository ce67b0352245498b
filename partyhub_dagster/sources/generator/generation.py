"""`generate`: a world of parties, what three sources write of it, and the answer key."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from partyhub_dagster.errors import SourceError
from partyhub_dagster.sources.generator.arrays import Bools, Ints, Rng, Rows, Text, digits, stream, where
from partyhub_dagster.sources.generator.cases import (
    ORGANIZATION_LOOKALIKES,
    ORGANIZATION_VARIANTS,
    PERSON_LOOKALIKES,
    PERSON_VARIANTS,
    RecordPlan,
    assign_variants,
    branch_counts,
    household_sizes,
    plan_lookalikes,
    plan_records,
)
from partyhub_dagster.sources.generator.crm import has_nickname, write_persons
from partyhub_dagster.sources.generator.dnb import LISTS, write_organizations
from partyhub_dagster.sources.generator.feeds import (
    Drop,
    Feed,
    Writer,
    change_counts,
    open_feed,
    send_changes,
    send_first,
)
from partyhub_dagster.sources.generator.files import (
    malformed_rows,
    write_crm,
    write_dnb,
    write_markit,
)
from partyhub_dagster.sources.generator.hub_yaml import HUB_YAML
from partyhub_dagster.sources.generator.identifiers import scattered
from partyhub_dagster.sources.generator.lines import write_csv
from partyhub_dagster.sources.generator.markit import write_legal_entities
from partyhub_dagster.sources.generator.organizations import draw_organizations, make_organization_lookalikes
from partyhub_dagster.sources.generator.persons import draw_persons, make_person_lookalikes
from partyhub_dagster.sources.generator.places_abroad import is_written_otherwise

SOURCE_SHARES: Final = {"crm": 0.60, "dnb": 0.25, "markit": 0.15}
_SUFFIXES: Final = {"crm": "csv", "dnb": "jsonl", "markit": "parquet"}
_KEY_PREFIXES: Final = {"crm": "C", "dnb": "DNB-", "markit": "MKT"}
_LETTERS: Final = {"crm": "P", "dnb": "O", "markit": "O"}  # which world an entity_id belongs to
_MALFORMED_SHARE: Final = 0.002
_LEAST_RECORDS: Final = 100
Parties = TypeVar("Parties", bound=Rows)


@dataclass(frozen=True, slots=True)
class GeneratedCounts:
    """What was written, in numbers: what a load of it must find again."""

    records: int  # good rows of the first delivery, each a record of its own
    by_source: dict[str, int]
    malformed: int  # rows of the first CRM file that belong into quarantine, beside `records`
    persons: int  # entities that records of any delivery describe
    organizations: int
    hard_cases: dict[str, int]  # records of any delivery
    deliveries: tuple[dict[str, int], ...]  # rows by kind of change in each later delivery
    truth_rows: int


@dataclass(frozen=True, slots=True)
class _Sent:
    """What a source has sent, all deliveries together."""

    source: str
    key: Text
    entity: Ints
    case: Text
    malformed: int
    changes: list[dict[str, int]]


def generate(
    out: Path, records: int, seed: int, changes: int = 0, change_records: int | None = None
) -> GeneratedCounts:
    """Write a hub.yaml, a first delivery of `records` records, `changes` later deliveries and truth.csv under `out`.

    Guarantees: the same arguments give the same bytes. Copying out/later/NNN/* into out/inbox/ delivers it.
    `change_records` is the number of rows of each later delivery: by default a hundredth of `records`, at least 50.

    Raises:
        SourceError: `out` holds an inbox already, or `records` is too small to show anything.
    """
    _refuse_what_cannot_work(out, records)
    per_delivery = change_counts_by_source(
        records // 100 if change_records is None else change_records, change_records
    )
    first = split_by_source(records)
    held_back = {name: changes * counts["inserts"] for name, counts in per_delivery.items()}
    totals = {name: first[name] + held_back[name] for name in first}
    sent = []
    for name, feed in open_feeds(seed, totals):
        sent.append(_send(out, seed, name, feed, first[name], [per_delivery[name]] * changes))
    write_csv(out / "truth.csv", _truth(sent))
    (out / "hub.yaml").write_text(HUB_YAML, encoding="utf-8")
    return _count(sent, first, changes)


def _refuse_what_cannot_work(out: Path, records: int) -> None:
    if records < _LEAST_RECORDS:
        raise SourceError(
            f"{records:,} records cannot show every source and case; nothing was written.",
            remedy=f"Ask for at least {_LEAST_RECORDS}.",
        )
    if (out / "inbox").exists() or (out / "later").exists():
        raise SourceError(
            f"{out} holds deliveries already; nothing was written.",
            remedy="Generate into a new folder, or remove its inbox/ and later/ first.",
        )


def split_by_source(records: int) -> dict[str, int]:
    """Return how many of the records each source has."""
    counts = {name: int(share * records) for name, share in SOURCE_SHARES.items()}
    counts["crm"] += records - sum(counts.values())
    return counts


def change_counts_by_source(rows: int, asked: int | None = None) -> dict[str, dict[str, int]]:
    """Return how many rows of each kind every source sends in one later delivery."""
    return {
        name: change_counts(n)
        for name, n in split_by_source(rows if asked is not None else max(50, rows)).items()
    }


def open_feeds(seed: int, totals: dict[str, int]) -> Iterator[tuple[str, Feed]]:
    """Yield every source by name, all its records written down and none sent."""
    yield from _person_feeds(seed, totals).items()
    yield from _organization_feeds(seed, totals).items()  # one world after the other: half the memory


def _person_feeds(seed: int, totals: dict[str, int]) -> dict[str, Feed]:
    n = totals["crm"]
    rng = stream(seed, "persons")
    lookalikes = plan_lookalikes(PERSON_LOOKALIKES, {"household": household_sizes(n)}, n)
    plan = plan_records(rng, n, lookalikes)
    persons = draw_persons(rng, int(plan.entity.max()) + 1)
    make_person_lookalikes(rng, persons, lookalikes)
    assign_variants(
        rng,
        plan,
        PERSON_VARIANTS,
        {
            "nickname": has_nickname(persons)[plan.entity],
            "married_name": (persons.gender == "F")[plan.entity],
            "international_address": is_written_otherwise(persons.home)[plan.entity],
        },
    )

    return {"crm": _open(rng, "crm", plan, _writer(plan, persons, write_persons))}


def _writer(
    plan: RecordPlan, parties: Parties, write: Callable[[Rng, Parties, Text, Ints], dict[str, Text]]
) -> Writer:
    """Return what writes the planned records of these parties down; marked ones with the address of before."""

    def write_records(rng: Rng, at: Ints, before_move: Bools) -> dict[str, Text]:
        case = where(before_move & (plan.case[at] == ""), "moved", plan.case[at])
        return write(rng, parties.take(plan.entity[at]), case, plan.ordinal[at])

    return write_records


def _organization_feeds(seed: int, totals: dict[str, int]) -> dict[str, Feed]:
    n = totals["dnb"] + totals["markit"]
    rng = stream(seed, "organizations")
    lookalikes = plan_lookalikes(ORGANIZATION_LOOKALIKES, {"branch": branch_counts(n)}, n)
    plan = plan_records(rng, n, lookalikes)
    organizations = draw_organizations(rng, int(plan.entity.max()) + 1)
    make_organization_lookalikes(rng, organizations, lookalikes)
    eligible = {"international_address": is_written_otherwise(organizations.office)[plan.entity]}
    assign_variants(rng, plan, ORGANIZATION_VARIANTS, eligible)
    feeds = {}
    parts = {"dnb": np.arange(totals["dnb"]), "markit": np.arange(totals["dnb"], n)}
    for name, form in (("dnb", write_organizations), ("markit", write_legal_entities)):
        part = RecordPlan(plan.entity[parts[name]], plan.ordinal[parts[name]], plan.case[parts[name]])

        feeds[name] = _open(rng, name, part, _writer(part, organizations, form))
    return feeds


def _open(rng: Rng, name: str, plan: RecordPlan, write: Writer) -> Feed:
    keys = _KEY_PREFIXES[name] + digits(10_000_000 + scattered(rng, len(plan.entity), 80_000_000), 8)
    return open_feed(rng, keys, plan, write)


def _send(
    out: Path, seed: int, name: str, feed: Feed, records: int, deliveries: list[dict[str, int]]
) -> _Sent:
    """Write every delivery of a source; what is returned no longer holds the records."""
    drop = send_first(feed, records)
    malformed = _malformed(stream(seed, "first"), drop) if name == "crm" else []
    _write(out / "inbox" / name, 0, drop, malformed)
    changes = []
    for number, counts in enumerate(deliveries, start=1):
        drop, held = send_changes(stream(seed, "later", name, str(number)), feed, number, counts)
        _write(out / "later" / f"{number:03}" / name, number, drop, [])
        changes.append(held)
    plan, at = feed.plan, feed.sent
    return _Sent(name, feed.key[at], plan.entity[at], plan.case[at], len(malformed), changes)


def _malformed(rng: Rng, drop: Drop) -> list[tuple[int, list[str]]]:
    n = max(3, round(_MALFORMED_SHARE * len(drop.key)))
    return malformed_rows(rng, drop, n, "C" + digits(95_000_000 + scattered(rng, n, 4_000_000), 8))


def _write(folder: Path, number: int, drop: Drop, malformed: list[tuple[int, list[str]]]) -> None:
    path = folder / f"{number:03}.{_SUFFIXES[folder.name]}"
    match folder.name:
        case "crm":
            write_crm(path, drop, malformed)
        case "dnb":
            write_dnb(path, drop, LISTS)
        case _:
            write_markit(path, drop)


def _truth(sent: list[_Sent]) -> dict[str, Text]:
    """Return the answer key: which entity each record really describes, and what makes it hard."""
    return {
        "source": np.concatenate([np.full(len(part.key), part.source, dtype=object) for part in sent]),
        "source_record_id": np.concatenate([part.key for part in sent]),
        "entity_id": np.concatenate([_LETTERS[part.source] + digits(part.entity, 7) for part in sent]),
        "hard_case": np.concatenate([part.case for part in sent]),
    }


def _count(sent: list[_Sent], first: dict[str, int], changes: int) -> GeneratedCounts:
    cases = Counter(case for part in sent for case in part.case.tolist())
    cases.pop("", None)
    entities = {
        letter: np.unique(np.concatenate([part.entity for part in sent if _LETTERS[part.source] == letter]))
        for letter in set(_LETTERS.values())
    }
    deliveries = tuple(
        {kind: sum(part.changes[k][kind] for part in sent) for kind in sent[0].changes[k]}
        for k in range(changes)
    )
    return GeneratedCounts(
        records=sum(first.values()),
        by_source=first,
        malformed=sum(part.malformed for part in sent),
        persons=len(entities["P"]),
        organizations=len(entities["O"]),
        hard_cases=dict(sorted(cases.items())),
        deliveries=deliveries,
        truth_rows=sum(len(part.key) for part in sent),
    )
