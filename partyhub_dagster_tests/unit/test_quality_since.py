"""What is judged by what was written since is judged as the whole would be."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from partyhub_dagster.config import HubConfig
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import all_tables
from partyhub_dagster.quality import all_rules
from partyhub_dagster_tests.unit.quality_world import released_hub, rolled_back, rule_named, run
from partyhub_dagster_tests.unit.test_quality_rules import FAULTS


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


TOUCHING = [
    (name, fault)
    for name, fault in FAULTS
    if name in {
        "current_is_newest_version", "normalized_is_complete", "keys_belong_to_live_records", "edges_are_symmetric",
        "every_record_in_one_party", "party_id_is_the_anchor", "golden_is_complete", "members_add_up",
        "provenance_is_complete",
    }
]  # fmt: skip


@pytest.mark.parametrize(("name", "fault"), TOUCHING)
def test_a_fault_written_since_is_found_without_a_look_at_the_rest(
    undone: tuple[Session, HubConfig], name: str, fault: str
) -> None:
    session, config = undone
    rule = rule_named(config, name)
    since = replace(rule, query=rule.query_since.format(since=1_000))
    assert run(session, since)[:2] == (0, 0)
    with _written_through_the_gate(session, config):
        session.con.execute(fault)
    found, wanted = run(session, since), run(session, rule)
    assert found[1:] == wanted[1:]
    assert not found[4]


def test_every_rule_that_can_be_judged_by_what_was_written_is_held_against_its_faults(
    hub: tuple[Session, HubConfig],
) -> None:
    judged = {
        rule.name for rule in all_rules(hub[1]) if rule.query_since and "key_is_unique" not in rule.name
    }
    assert judged == {name for name, _ in TOUCHING}


@contextmanager
def _written_through_the_gate(session: Session, config: HubConfig) -> Iterator[None]:
    """Give what is written inside the marks of a write: epochs, removed keys, and what lineage tells of members."""
    con, tables = session.con, all_tables(config.attributes.values())
    del tables["removed_keys"]
    for name in tables:
        con.execute(f"create or replace temp table was_{name} as from lake.{name}")
    yield
    for name, table in tables.items():
        columns = ", ".join(f'"{column}"' for column in table.column_names)
        keys = ", ".join(table.key)
        changed = f"(select {columns} from lake.{name} except select {columns} from was_{name})"
        con.execute(f"update lake.{name} set epoch = 1001 where ({keys}) in (select ({keys}) from {changed})")
        con.execute(
            f"insert into removed_keys select '{name}', {table.key_text()}, 1001"
            f" from was_{name} anti join lake.{name} using ({keys})"
        )
    con.execute(
        "insert into party_lineage by name with moved as ("
        " (select record_id, party_id from was_party_clusters except select record_id, party_id from party_clusters)"
        " union (select record_id, party_id from party_clusters except"
        " select record_id, party_id from was_party_clusters))"
        " select 900 + row_number() over () as sequence, 'MEMBERS_CHANGED' as event, party_id, 1001 as epoch"
        " from (select distinct party_id from moved)"
    )
