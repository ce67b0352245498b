"""Laws 2, 3 and 4 over generated histories: three sources, ten later deliveries, in different batches and orders."""

import random
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.statements import load_sql
from partyhub_dagster.sources import storing
from partyhub_dagster.sources.generator import generate
from partyhub_dagster.survivorship import stage as golden_stage
from partyhub_dagster_tests.factories import (
    advance,
    ask,
    copy_hub,
    deliver,
    make_hub,
    open_hub,
    partition_of,
    state_of,
)
from partyhub_dagster_tests.laws import (
    LOGS,
    THOROUGH,
    everything,
    law_2_nothing_changed,
    law_3_same_answers,
    law_4_equals_rebuild,
    law_5_every_id_answers,
)
from partyhub_dagster_tests.people import FIRST_CRM, crm, people_hub

pytestmark = pytest.mark.skipif(
    not THOROUGH,
    reason="ten deliveries in three batchings take minutes: HYPOTHESIS_PROFILE=nightly runs them",
)

RECORDS, CHANGES, ROWS = 100, 10, 12
BATCHINGS = ["at_once", "in_groups", "one_by_one"]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """A hub of the first delivery, built; the later ones lie in later/."""
    folder = tmp_path_factory.mktemp("generated")
    generate(folder, RECORDS, seed=11, changes=CHANGES, change_records=ROWS)
    hub = open_hub(folder)
    advance(hub)
    return hub


def carry(hub: Hub, batches: Iterable[Iterable[int]]) -> Hub:
    """Deliver the later deliveries batch by batch, each batch followed by a build."""
    for batch in batches:
        for number in batch:
            root = hub.config.root
            shutil.copytree(root / "later" / f"{number:03}", root / "inbox", dirs_exist_ok=True)
        advance(hub)
    return hub


@pytest.fixture(scope="module")
def at_once(first: Hub, tmp_path_factory: pytest.TempPathFactory) -> Hub:
    return carry(copy_hub(first, tmp_path_factory.mktemp("once") / "hub"), [range(1, CHANGES + 1)])


@pytest.fixture(scope="module")
def in_groups(first: Hub, tmp_path_factory: pytest.TempPathFactory) -> Hub:
    return carry(copy_hub(first, tmp_path_factory.mktemp("groups") / "hub"), _groups(seed=5))


@pytest.fixture(scope="module")
def one_by_one(first: Hub, tmp_path_factory: pytest.TempPathFactory) -> Hub:
    each = [[number] for number in range(1, CHANGES + 1)]
    return carry(copy_hub(first, tmp_path_factory.mktemp("each") / "hub"), each)


def _groups(seed: int) -> list[list[int]]:
    cuts = sorted(random.Random(seed).sample(range(1, CHANGES), 2))  # noqa: S311 - which batches, not a secret
    numbers = list(range(1, CHANGES + 1))
    return [numbers[: cuts[0]], numbers[cuts[0] : cuts[1]], numbers[cuts[1] :]]


@pytest.mark.parametrize("batching", BATCHINGS)
def test_law_4_ten_generated_deliveries_end_where_a_rebuild_ends(
    request: pytest.FixtureRequest, batching: str
) -> None:
    hub = request.getfixturevalue(batching)
    law_4_equals_rebuild(hub)
    law_5_every_id_answers(hub)
    assert ask(hub, "select count(*) from source_parties where deleted") != [(0,)]


@pytest.mark.parametrize("batching", BATCHINGS[1:])
def test_law_3_batches_change_neither_parties_nor_values(
    request: pytest.FixtureRequest, at_once: Hub, batching: str
) -> None:
    other = request.getfixturevalue(batching)
    assert partition_of(other) == partition_of(at_once)
    law_3_same_answers(at_once, other)


def test_law_3_sources_in_another_order_give_the_same_parties_and_values(
    at_once: Hub, tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    shutil.copytree(at_once.config.root, folder, ignore=shutil.ignore_patterns("home"))
    yaml = (folder / "hub.yaml").read_text()
    head, _, rest = yaml.partition("  crm:\n")
    sources, _, tail = rest.partition("\nsurvivorship:")
    parts = ("  crm:\n" + sources).split("\n  dnb:\n")
    markit = parts[1].index("  markit:\n")
    crm_part, dnb_part, markit_part = parts[0] + "\n", "  dnb:\n" + parts[1][:markit], parts[1][markit:]
    other = make_hub(folder, f"{head}{markit_part}{dnb_part}{crm_part}\nsurvivorship:{tail}")
    assert list(other.config.sources) == ["markit", "dnb", "crm"]
    advance(other)
    law_3_same_answers(at_once, other)


def test_law_2_the_same_deliveries_under_other_names_change_nothing(in_groups: Hub, tmp_path: Path) -> None:
    hub = copy_hub(in_groups, tmp_path / "hub")
    before = everything(hub, but=LOGS | {"load_audit", "load_profiles"})
    for path in sorted((hub.config.root / "inbox" / "crm").iterdir())[3:7]:
        rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
        half = rows[:1] + rows[1 : 2 + len(rows) // 2]
        deliver(hub, f"crm/again-{path.name}", "".join(half))
    for path in sorted((hub.config.root / "inbox" / "markit").iterdir()):
        shutil.copyfile(path, path.with_name(f"again-{path.name}"))
    advance(hub)
    law_2_nothing_changed(before, everything(hub, but=LOGS | {"load_audit", "load_profiles"}))


# --- planted bugs, on the small hub

LATE = crm("2,2,U,Annie Miller,1980-02-03,212-555-0134,annie@mail.test", FIRST_CRM[6].replace("7,1", "7,2"))
EARLY = crm("2,0,U,Anna Mueller,1980-02-03,212-555-0134,anna@mail.test")


def _two_orders(folder: Path) -> tuple[Hub, Hub]:
    """Build one hub from a newer then an older version, the other from all versions at once."""
    one, other = people_hub(folder / "one"), people_hub(folder / "other")
    for hub, batches in ((one, [[LATE], [EARLY]]), (other, [[EARLY, LATE]])):
        for number, batch in enumerate(batches):
            for place, content in enumerate(batch):
                deliver(hub, f"crm/2{number}{place}.csv", content)
            advance(hub)
    return one, other


def test_law_3_older_versions_may_arrive_later(tmp_path: Path) -> None:
    law_3_same_answers(*_two_orders(tmp_path))


def test_law_3_finds_versions_that_win_by_arrival(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def by_arrival(package: str, name: str) -> str:
        return load_sql(package, name).replace("coalesce(version_order, '') desc, ingest_seq", "ingest_seq")

    monkeypatch.setattr(storing, "load_sql", by_arrival)
    with pytest.raises(AssertionError):
        law_3_same_answers(*_two_orders(tmp_path))


def test_law_3_finds_a_tie_broken_by_arrival(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Survivorship that takes, of the members' names, the one that came in last."""
    master = golden_stage.master_parties

    def by_arrival(con: Any, members: str, records: str, *rest: Any) -> Any:
        made = master(con, members, records, *rest)
        con.execute(
            "create or replace temp table arrived as select party_id, arg_max(name_full, first_seen) as said"
            f" from {members} join {records} using (record_id) group by party_id"
        )
        con.execute(
            "update golden_new set name = said from arrived where arrived.party_id = golden_new.party_id"
        )
        return made

    monkeypatch.setattr(golden_stage, "master_parties", by_arrival)
    hub = people_hub(tmp_path / "hub")
    advance(hub)
    other = copy_hub(hub, tmp_path / "other")
    with other.place.connect() as con:  # the same records, one of them seen last
        con.execute(
            "update source_parties set first_seen = 1000 where source = 'crm' and source_record_id = '2'"
        )
    advance(other, full=True)
    with pytest.raises(AssertionError):
        law_3_same_answers(hub, other)


def test_parties_are_named_after_the_member_first_seen(in_groups: Hub) -> None:
    state = state_of(in_groups)
    parties = {row[0] for row in state["golden_parties"]}
    anchors = ask(
        in_groups,
        "select arg_min(record_id, first_seen) from party_clusters join normalized_parties using (record_id)"
        " group by party_id",
    )
    assert parties == {row[0] for row in anchors}
