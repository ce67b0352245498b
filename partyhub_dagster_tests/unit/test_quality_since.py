"""What is judged by what was written since is judged as the whole would be."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from partyhub_dagster.config import HubConfig
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import all_tables
from partyhub_dagster_tests.unit.quality_world import released_hub, rolled_back, rule_named, run


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, HubConfig]]:
    with released_hub(tmp_path_factory.mktemp("tiny")) as found:
        yield found


@pytest.fixture
def undone(hub: tuple[Session, HubConfig]) -> Iterator[tuple[Session, HubConfig]]:
    with rolled_back(hub[0]):
        yield hub


def test_a_key_repeated_by_a_newer_row_is_found_without_a_look_at_the_older_ones(
    undone: tuple[Session, HubConfig],
) -> None:
    session, config = undone
    tables = [t for t in all_tables(config.attributes.values()) if session.count(t) and t != "hub_epoch"]
    assert len(tables) > 5
    for table in tables:
        rule = rule_named(config, f"key_is_unique:{table}")
        since = replace(rule, query=rule.query_since.format(since=1_000))
        assert run(session, since)[:2] == (0, 0)
        session.con.execute(
            f"insert into {table} by name (select * replace (1_001 as epoch) from {table} limit 1)"
        )
        assert run(session, since)[1] == run(session, rule)[1] == 1
        assert not run(session, since)[4]


FAULTS = {
    "proofs gone": "update golden_parties set provenance = map {}, epoch = 1001 where party_id = $party",
    "party fell apart": "update party_clusters set party_id = record_id, epoch = 1001 where party_id = $party;"
    " insert into party_lineage (sequence, party_id, epoch)"
    " select 999, party_id, 1001 from party_clusters where epoch = 1001",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_touched_since_is_judged_as_the_whole_is(
    undone: tuple[Session, HubConfig], fault: str
) -> None:
    session, config = undone
    rule = rule_named(config, "provenance_is_complete")
    since = replace(rule, query=rule.query_since.format(since=1_000))
    assert run(session, since)[:2] == (0, 0)
    session.con.execute(FAULTS[fault].replace("$party", f"'{_party_of_two(session)}'::uuid"))
    assert run(session, since)[1:] == run(session, rule)[1:]


def _party_of_two(session: Session) -> object:
    [(party,)] = session.con.execute(
        "select party_id from party_clusters group by party_id having count(*) > 1 limit 1"
    ).fetchall()
    return party
