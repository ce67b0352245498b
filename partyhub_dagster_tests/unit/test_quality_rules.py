"""Each rule holds in a sound hub and finds the fault planted for it; one lake, every fault rolled back."""

import re
from collections.abc import Iterator

import pytest

from partyhub_dagster.config import HubConfig
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import all_tables
from partyhub_dagster.quality import all_rules
from partyhub_dagster_tests.unit.quality_world import id_of, released_hub, rolled_back, rule_named, run

ADA, ADA2, BOB, ACME = (id_of(name) for name in ("ada", "ada2", "bob", "acme"))
REVOKE = "insert into decisions by name (select {} as decision_id, {} as sequence, 'REVOKE' as verdict, {} as revokes)"
MOVE_BOB = f"update party_clusters set party_id = {ADA} where record_id = {BOB}"


RELEASE = (
    "insert into releases by name (select 1 as number, {} as head_epoch,"
    ' \'{{"records": 4, "parties": 4}}\' as counts)'
)
GONE = (
    "delete from party_clusters where record_id = {0};"
    " insert into removed_keys select 'party_clusters', {0}::varchar, 2"
)
PROVE_NAME_BY = (
    "update golden_parties set provenance = map {{'name': [{{'record_id': {}, 'rule': 'pinned'}}],"
    f" 'phone': provenance['phone'], 'birth_date': provenance['birth_date']}}}} where party_id = {ADA}"
)
NEWER_BOB = (
    "insert into source_party_history select * replace ('3' as version_order, 9 as ingest_seq)"
    f" from source_party_history where record_id = {BOB}"
)
CONFLICT = (
    "insert into cluster_conflicts by name (select uuid() as conflict_id, 'decision' as what,"
    f" {id_of('apart')} as decision_id)"
)
MERGED_BOB = (
    "insert into party_lineage by name"
    f" (select 4 as sequence, 'MERGED' as event, {BOB} as party_id, {ADA} as other_id)"
)


def audit(**values: str) -> str:
    listed = ", ".join(f"{value} as {column}" for column, value in values.items())
    return (
        f"insert into load_audit by name (select * replace ({listed}) from load_audit where load_order = 1)"
        if "load_order" in values
        else f"update load_audit set {', '.join(f'{c} = {v}' for c, v in values.items())}"
    )


SNAP = "'snap'"
NEWER_LOAD = (
    "insert into load_audit by name (select * replace (2 as load_order, uuid() as load_id, 0 as deletions_refused,"
    " '{0}' as file, {1} as epoch) from load_audit where load_order = 1)"
)


def later_load(profile: str = "1000, 990, 5, 990, 0, 0, 0", **values: str) -> str:
    """A release that knew of the loads so far, and a later load whose columns EMAIL and ID look as given."""
    shown = {
        "load_order": "7",
        "load_id": f"{id_of('later')}",
        "file": "'inbox/7.csv'",
        "epoch": "2",
        **values,
    }
    earlier = {**shown, "load_order": "6", "load_id": f"{id_of('earlier')}", "epoch": "1", "rows_in": "1000"}
    profiles = "; ".join(
        f"insert into load_profiles values ({id_of(load)}, '{column}', {counts}, 1)"
        for load, counts in (("earlier", "1000, 990, 5, 990, 0, 0, 0"), ("later", profile))
        for column in ("ID", "SSN")
    )
    return f"{RELEASE.format(1)}; {audit(**earlier)}; {audit(**{'rows_in': '1000', **shown})}; {profiles}"


# rule -> SQL that breaks it. Every rule but the keys of tables and those in WITHOUT_FAULT must be here.
FAULTS: list[tuple[str, str]] = [
    ("loads_reconcile", audit(rows_unchanged="34")),
    ("loads_reconcile", audit(rows_in="-1", rows_unchanged="-6")),
    ("loads_reconcile", f"delete from source_party_history where record_id = {BOB}"),
    ("loads_reconcile", "delete from quarantine"),
    ("loads_reconcile", "delete from load_audit"),
    ("loads_reconcile", audit(rows_quarantined="null")),
    ("current_is_newest_version", f"delete from source_parties where record_id = {BOB}"),
    ("current_is_newest_version", f"delete from source_party_history where record_id = {BOB}"),
    ("current_is_newest_version", f"update source_parties set first_seen = 9 where record_id = {BOB}"),
    ("current_is_newest_version", f"update source_parties set deleted = true where record_id = {BOB}"),
    ("current_is_newest_version", f"update source_parties set content_hash = null where record_id = {BOB}"),
    ("current_is_newest_version", NEWER_BOB),
    ("quarantined_share", audit(rows_in="40", rows_unchanged="0", rows_quarantined="36")),
    ("every_delivery_loaded", audit(load_order="2", load_id="uuid()", status="'failed'")),
    ("every_delivery_loaded", audit(load_order="2", load_id="uuid()", status="'refused'")),
    ("deletions_refused", audit(deletions_refused="3")),
    ("version_conflicts", audit(version_conflicts="3")),
    (
        "deletions_refused",  # not in the newest load of the source, but since the release
        f"{audit(deletions_refused='3')}; {audit(load_order='2', load_id='uuid()', file=repr('inbox/2.csv'))}",
    ),
    ("rows_collapsed", later_load(source=SNAP, rows_in="10")),
    ("columns_emptied", later_load(profile="1000, 100, 5, 100, 0, 0, 0")),
    ("one_value_everywhere", later_load(profile="1000, 990, 900, 990, 0, 0, 0")),
    ("columns_shifted", later_load(profile="1000, 990, 5, 0, 990, 0, 0")),
    ("normalized_is_complete", f"delete from normalized_parties where record_id = {BOB}"),
    ("normalized_is_complete", f"update source_parties set deleted = true where record_id = {BOB}"),
    ("normalized_is_complete", f"update source_parties set ingest_seq = 9 where record_id = {BOB}"),
    ("keys_belong_to_live_records", f"delete from normalized_parties where record_id = {BOB}"),
    (
        "keys_belong_to_live_records",
        f"update normalized_parties set kind = 'organization' where record_id = {BOB}",
    ),
    ("edges_are_symmetric", f"delete from match_edges where record_id = {ADA}"),
    ("edges_are_symmetric", f"update match_edges set weight = 1 where record_id = {ADA}"),
    ("edges_are_symmetric", f"update normalized_parties set kind = 'organization' where record_id = {ADA}"),
    ("edges_are_symmetric", f"delete from normalized_parties where record_id = {ADA2}"),
    ("edges_are_symmetric", f"insert into match_edges values ({BOB}, {BOB}, 'person', 9, 1)"),
    ("every_record_in_one_party", f"delete from party_clusters where record_id = {BOB}"),
    ("every_record_in_one_party", f"update source_parties set deleted = true where record_id = {BOB}"),
    (
        "every_record_in_one_party",
        f"insert into party_clusters select * replace ({ADA} as party_id) from party_clusters where record_id = {BOB}",
    ),
    ("party_id_is_the_anchor", f"update party_clusters set party_id = {ADA2} where party_id = {ADA}"),
    (
        "party_id_is_the_anchor",
        f"update party_clusters set party_id = {id_of('nobody')} where party_id = {BOB}",
    ),
    ("not_same_holds", MOVE_BOB),
    ("not_same_holds", f"{MOVE_BOB}; {REVOKE.format(id_of('other'), 2, id_of('other'))}"),
    (
        "not_same_holds",  # the revocation is itself revoked, so the decision stands again
        f"{MOVE_BOB}; {REVOKE.format(id_of('r1'), 2, id_of('apart'))}; {REVOKE.format(id_of('r2'), 3, id_of('r1'))}",
    ),
    (
        "exclusive_id_in_one_party",
        f"update normalized_parties set exclusive_ids = ['lei:ada'] where record_id = {BOB}",
    ),
    (
        "largest_component",
        f"update party_clusters set component_id = {ADA} where record_id in ({ADA}, {ADA2}, {BOB})",
    ),
    ("largest_party", f"update party_clusters set party_id = {ADA}"),
    ("match_rate_change", RELEASE.format(0)),
    ("placeholder_share", "update normalized_parties set placeholders = 1"),
    (
        "identifier_validity:tax_id",
        "update normalized_parties set \"values\" = map {'tax_id': [{'value': 'x', 'valid': false}]}",
    ),
    (
        "identifier_validity",
        "update normalized_parties set \"values\" = map {'lei': [{'value': 'x', 'valid': false}]}",
    ),
    ("parties_merged", f"update party_clusters set party_id = {ADA}, epoch = 2 where record_id = {BOB}"),
    ("parties_split", f"update party_clusters set party_id = {ADA2}, epoch = 2 where record_id = {ADA2}"),
    (
        "parties_retired",
        GONE.format(BOB),
    ),
    (
        "keys_reused",
        f"update normalized_parties set name_tokens = ['eve'], phones = [], epoch = 2 where record_id = {BOB}",
    ),
    ("placeholder_rise", "update normalized_parties set placeholders = 1, epoch = 2"),
    ("golden_values_changed", "update golden_parties set name = 'eve', epoch = 2"),
    ("golden_values_changed", "update golden_parties set phone = ['2'], epoch = 2"),
    ("golden_is_complete", f"delete from golden_parties where party_id = {BOB}"),
    ("golden_is_complete", f"delete from party_clusters where party_id = {BOB}"),
    ("members_add_up", f"update golden_parties set members = 1 where party_id = {ADA}"),
    ("members_add_up", f"delete from party_clusters where record_id = {ADA2}"),
    ("provenance_is_complete", "update golden_parties set name_family = 'x', provenance = map {}"),
    ("provenance_is_complete", f"update golden_parties set phone = ['1', '2'] where party_id = {ADA}"),
    ("provenance_is_complete", f"update golden_parties set lei = ['x'] where party_id = {ADA}"),
    ("provenance_is_complete", f"delete from party_clusters where record_id = {ADA2}"),
    ("provenance_is_complete", PROVE_NAME_BY.format(BOB)),
    ("lineage_has_no_gap", "delete from party_lineage where sequence = 2"),
    ("lineage_has_no_gap", "delete from party_lineage where sequence = 1"),
    ("lineage_has_no_gap", "update party_lineage set sequence = 2 where sequence = 3"),
    ("lineage_replays_to_parties", MOVE_BOB),
    ("lineage_replays_to_parties", f"delete from party_clusters where record_id = {ADA2}"),
    ("lineage_replays_to_parties", MERGED_BOB),
    ("completeness:name", "update golden_parties set name = null"),
    ("completeness:phone", "update golden_parties set phone = []"),
    ("completeness:birth_date", f"update golden_parties set birth_date = null where party_id = {BOB}"),
]

# What looks like a fault and is none.
SOUND: list[tuple[str, str]] = [
    ("not_same_holds", f"{MOVE_BOB}; {REVOKE.format(id_of('r1'), 2, id_of('apart'))}"),
    ("not_same_holds", f"{MOVE_BOB}; {REVOKE.format(id_of('r1'), 2, id_of('apart group'))}"),
    ("not_same_holds", f"{MOVE_BOB}; {CONFLICT}"),
    ("quarantined_share", audit(rows_in="19", rows_unchanged="0", rows_quarantined="15")),
    (
        "deletions_refused",  # a newer load of the file took its place
        f"{audit(deletions_refused='3')}; {NEWER_LOAD.format('inbox/1.csv', 1)}",
    ),
    (
        "deletions_refused",  # a newer snapshot took its place
        f"{audit(deletions_refused='3', source=SNAP)}; {NEWER_LOAD.format('inbox/2.csv', 1)}",
    ),
    (
        "deletions_refused",  # released
        f"{audit(deletions_refused='3')}; {RELEASE.format(1)}; {NEWER_LOAD.format('inbox/2.csv', 2)}",
    ),
    ("rows_collapsed", later_load(rows_in="10")),
    ("columns_emptied", later_load()),
    ("one_value_everywhere", later_load()),
    ("columns_shifted", later_load()),
    (
        "every_delivery_loaded",  # it failed once and then succeeded
        audit(load_order="0", load_id="uuid()", status="'failed'"),
    ),
    ("every_delivery_loaded", audit(load_order="2", load_id="uuid()", status="'withdrawn'")),
    (
        "lineage_replays_to_parties",
        f"insert into party_lineage by name (select 4 as sequence, 'UPDATED' as event, {BOB} as party_id)",
    ),
    ("provenance_is_complete", "update golden_parties set name_family = 'x'"),
    (
        "provenance_is_complete",  # a pin outlives its record
        PROVE_NAME_BY.format(id_of("gone")),
    ),
    (
        "match_rate_change",  # a release of this very state is not the release before
        RELEASE.format(1),
    ),
    ("largest_component", f"update party_clusters set component_id = {ACME} where record_id = {ACME}"),
    (
        "parties_merged",  # nothing was written since the release
        f"update party_clusters set party_id = {ADA} where record_id = {BOB}",
    ),
    (
        "parties_retired",  # its fellow member lives
        GONE.format(ADA),
    ),
    (
        "keys_reused",  # another name, but the phone is the same
        "update normalized_parties set name_tokens = ['eve'], epoch = 2",
    ),
    ("golden_values_changed", "update golden_parties set phone = ['2', '1'], lei = ['x'], epoch = 2"),
]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, HubConfig]]:
    with released_hub(tmp_path_factory.mktemp("tiny")) as found:
        yield found


@pytest.fixture
def undone(hub: tuple[Session, HubConfig]) -> Iterator[tuple[Session, HubConfig]]:
    with rolled_back(hub[0]):
        yield hub


def test_a_sound_hub_breaks_no_rule(hub: tuple[Session, HubConfig]) -> None:
    session, config = hub
    assert [rule.name for rule in all_rules(config) if not run(session, rule)[4]] == []


def test_a_sound_hub_is_looked_at_by_every_rule_with_something_to_look_at(
    hub: tuple[Session, HubConfig],
) -> None:
    session, config = hub
    looked_at_nothing = {rule.name for rule in all_rules(config) if run(session, rule)[0] == 0}
    empty = "load_profiles", "delivery_acceptances", "match_models", "cluster_conflicts", "dq_results", "dq_parts", \
        "acceptances", "releases", "membership_history", "golden_history", "removed_keys", "stream_offsets", \
        "watermarks", "decision_groups", "rollbacks", "run_stages", "stream_topics", "stream_messages", \
        "dead_letters", "confirmations"  # fmt: skip
    unwritten = {  # since the release
        "keys_reused", "placeholder_rise", "golden_values_changed", "rows_collapsed", "columns_emptied",
        "one_value_everywhere", "columns_shifted",
    }  # fmt: skip
    assert looked_at_nothing == {
        "identifier_validity",
        *unwritten,
        *(f"key_is_unique:{table}" for table in empty),
    }


@pytest.mark.parametrize(("name", "fault"), FAULTS)
def test_a_rule_finds_its_fault(undone: tuple[Session, HubConfig], name: str, fault: str) -> None:
    session, config = undone
    session.con.execute(fault)
    assert run(session, rule_named(config, name))[4] is False


@pytest.mark.parametrize(("name", "change"), SOUND)
def test_a_rule_lets_pass_what_is_no_fault(undone: tuple[Session, HubConfig], name: str, change: str) -> None:
    session, config = undone
    session.con.execute(change)
    assert run(session, rule_named(config, name))[4] is True


def test_every_rule_has_a_fault(hub: tuple[Session, HubConfig]) -> None:
    names = {rule.name for rule in all_rules(hub[1]) if not rule.name.startswith("key_is_unique:")}
    assert names == {name for name, _ in FAULTS}


def test_a_key_held_twice_is_found_in_every_table(undone: tuple[Session, HubConfig]) -> None:
    session, config = undone
    con = session.con
    for name, table in all_tables(config.attributes.values()).items():
        rule = rule_named(config, f"key_is_unique:{name}")
        if session.count(name) == 0:
            nulls = {"key_hash": "1", **{c.name: f"null::{c.sql_type}" for c in table.columns}}
            keys = ", ".join(f"{'1' if c.sql_type in ('BIGINT', 'INTEGER') else nulls[c.name]} as {c.name}"
                             for c in table.columns if c.name in table.key)  # fmt: skip
            con.execute(f"insert into {name} by name (select {keys})")
            assert run(session, rule)[4] is True, name
        con.execute(f"insert into {name} from {name} limit 1")
        assert run(session, rule)[4] is False, name


@pytest.mark.parametrize("name", ["edges_are_symmetric", "members_add_up", "key_is_unique:source_parties"])
def test_a_sample_names_at_most_twenty_of_those_that_break_the_rule(
    undone: tuple[Session, HubConfig], name: str
) -> None:
    session, config = undone
    many = "from range(50) as t(n)"
    session.con.execute(f"insert into match_edges select uuid(), uuid(), 'person', n, 1 {many}")
    session.con.execute(
        f"insert into golden_parties by name (select uuid() as party_id, 3 as members {many})"
    )
    session.con.execute(
        f"insert into source_parties by name (select md5((n // 2)::varchar)::uuid as record_id {many})"
    )
    _, failed, _, _, passed, sample = run(session, rule_named(config, name))
    assert (passed, len(sample)) == (False, 20)
    assert failed >= 20


def test_a_rule_names_each_table_that_its_query_reads(hub: tuple[Session, HubConfig]) -> None:
    """A table that is read but not named would leave a stale result standing; some are left out on purpose."""
    unnamed = {
        rule.name: missing
        for rule in all_rules(hub[1])
        if not rule.name.startswith("key_is_unique:")
        and (
            missing := {t for t in all_tables([]) if re.search(rf"\b(from|join) {t}\b", rule.query)}
            - {*rule.reads}
        )
    }
    parties = {f"parties_{what}": {"removed_keys"} for what in ("merged", "split", "retired")}
    of_loads = {
        "quarantined_share", "deletions_refused", "version_conflicts", "rows_collapsed", "columns_emptied",
        "one_value_everywhere", "columns_shifted",
    }  # fmt: skip
    loads: dict[str, set[str]] = {name: {"releases"} for name in of_loads}
    assert unnamed == {
        "match_rate_change": {"releases", "removed_keys"},
        "not_same_holds": {"watermarks"},  # tells what clustering knew; every suite writes it
        **parties,
        **loads,
    }


def test_names_of_rules_are_unique_and_each_says_what_it_claims(hub: tuple[Session, HubConfig]) -> None:
    rules = all_rules(hub[1])
    assert len({rule.name for rule in rules}) == len(rules)
    assert all(rule.description.endswith(".") and rule.description[0].isupper() for rule in rules)
