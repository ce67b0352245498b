"""Laws 2, 4, 5, 6 and 7 on a hub of a dozen records, and each on a planted bug that it must find."""

from typing import Any

import pytest

from partyhub_dagster.answers.parties import show_party
from partyhub_dagster.errors import GateError
from partyhub_dagster.hub import Hub, Run
from partyhub_dagster.identity import affected
from partyhub_dagster.identity import stage as identity_stage
from partyhub_dagster.lake.stage import Delta
from partyhub_dagster.lake.write import WriteTransaction
from partyhub_dagster.survivorship import stage as golden_stage
from partyhub_dagster_tests.factories import (
    advance,
    ask,
    build,
    decide,
    deliver,
    id_of,
    partition_of,
    party_of,
)
from partyhub_dagster_tests.laws import (
    LOGS,
    THOROUGH,
    everything,
    law_2_nothing_changed,
    law_4_equals_rebuild,
    law_5_every_id_answers,
    law_7_rules,
    without_releases,
)
from partyhub_dagster_tests.people import BRIDGE, FIRST_CRM, FIRST_WEB, crm, web

# --- law 2


def test_law_2_a_second_build_and_a_replay_write_nothing(hub: Hub) -> None:
    before = everything(hub)
    build(hub)
    law_2_nothing_changed(before, everything(hub))
    deliver(hub, "crm/again.csv", crm(*FIRST_CRM))
    deliver(hub, "web/part.jsonl", web(FIRST_WEB[2], FIRST_WEB[0]))
    before = everything(hub, but=LOGS | {"load_audit", "load_profiles"})
    build(hub)
    law_2_nothing_changed(before, everything(hub, but=LOGS | {"load_audit", "load_profiles"}))


def test_law_2_a_full_build_of_an_unchanged_hub_writes_no_row(hub: Hub) -> None:
    before = everything(hub, but=LOGS)
    build(hub, full=True)
    law_2_nothing_changed(before, everything(hub, but=LOGS))


def test_law_2_finds_a_stage_that_writes_rows_that_do_not_differ(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(hub, but=LOGS)
    differences = WriteTransaction.write_differences

    def rewrite(self: WriteTransaction, table: Any, rows: str, scope: str | None, where: str = "true") -> Any:
        written = differences(self, table, rows, scope, where)
        self.upsert(table, rows)
        return written

    monkeypatch.setattr(WriteTransaction, "write_differences", rewrite)
    advance(hub, full=True)
    with pytest.raises(AssertionError):
        law_2_nothing_changed(before, everything(hub, but=LOGS))


# --- law 4


def test_law_4_holds_when_a_record_moves_from_party_to_party(hub: Hub) -> None:
    deliver(hub, "crm/2.csv", BRIDGE)
    advance(hub)
    assert frozenset({"crm:5", "crm:7"}) in partition_of(hub)
    law_4_equals_rebuild(hub)


def test_law_4_finds_a_closure_without_the_ends_of_edges(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(hub, "crm/2.csv", BRIDGE)
    changed = Delta.changed

    def blind(self: Delta, table: Any, key: str, *rest: Any, **named: Any) -> str:
        query = changed(self, table, key, *rest, **named)
        return f"select * from ({query}) where false" if table is affected.MATCH_EDGES else query

    with monkeypatch.context() as patched:
        patched.setattr(Delta, "changed", blind)
        advance(hub)
    with pytest.raises(AssertionError):
        law_4_equals_rebuild(without_releases(hub))


# --- law 5


def test_law_5_a_deleted_anchor_answers_by_renamed_and_takes_its_id_back(hub: Hub) -> None:
    party = party_of(hub, "crm:1")
    assert party == id_of("crm:1")
    deliver(hub, "crm/2.csv", crm("1,2,D,,,,"))
    advance(hub)
    law_5_every_id_answers(hub)
    law_4_equals_rebuild(without_releases(hub))
    events = ask(
        hub, f"select event, other_id from party_lineage where party_id = '{party}' order by sequence desc"
    )
    assert events[0] == ("RENAMED", id_of("crm:2"))
    deliver(hub, "crm/3.csv", crm(FIRST_CRM[0].replace("1,1,I", "1,3,I")))
    advance(hub)
    assert party_of(hub, "crm:2") == party
    law_5_every_id_answers(hub)
    law_4_equals_rebuild(hub)


def test_law_5_a_retired_party_is_known_as_retired(hub: Hub) -> None:
    deliver(hub, "crm/2.csv", crm("6,2,D,,,,"))
    advance(hub)
    assert ask(hub, "select party_id from party_lineage where event = 'RETIRED'") == [(id_of("crm:6"),)]
    law_5_every_id_answers(hub)


def test_law_5_finds_a_missing_renamed(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(hub, "crm/2.csv", crm("1,2,D,,,,"))
    append = identity_stage.append_lineage

    def forget(transaction: WriteTransaction, run_id: str, events: str) -> None:
        append(transaction, run_id, f"(from {events} where event <> 'RENAMED')")

    monkeypatch.setattr(identity_stage, "append_lineage", forget)
    advance(hub)
    with pytest.raises(AssertionError):
        law_5_every_id_answers(hub)


# --- law 6, as far as the pipeline goes


def test_law_6_decisions_take_effect_and_can_be_undone(hub: Hub) -> None:
    same = decide(hub, "SAME", "crm:5", "web:d")
    apart = decide(hub, "NOT_SAME", "crm:3", "web:a")
    later = decide(hub, "SAME", "crm:6", "crm:99")
    advance(hub)
    parties = partition_of(hub)
    assert frozenset({"crm:5", "web:d"}) in parties
    assert {frozenset({"crm:3"}), frozenset({"web:a"})} <= parties
    law_4_equals_rebuild(without_releases(hub))
    deliver(hub, "crm/2.csv", crm("99,1,I,Quite Another,1950-01-01,,", "5,2,D,,,,"))
    decide(hub, "REVOKE", revokes=apart)
    advance(hub)
    parties = partition_of(hub)
    assert frozenset({"crm:6", "crm:99"}) in parties
    assert frozenset({"crm:3", "web:a"}) in parties
    decide(hub, "REVOKE", revokes=later)
    decide(hub, "REVOKE", revokes=same)
    advance(hub)
    assert {frozenset({"crm:6"}), frozenset({"crm:99"}), frozenset({"web:d"})} <= partition_of(hub)
    law_4_equals_rebuild(hub)
    law_5_every_id_answers(hub)


def test_law_6_a_pin_holds_moves_with_its_deleted_record_and_can_be_revoked(hub: Hub) -> None:
    pin = decide(hub, "PIN", "crm:1", attribute="name", value="Ann-Marie Miller")
    advance(hub)
    assert _name(hub, "crm:2") == "Ann-Marie Miller"
    law_4_equals_rebuild(without_releases(hub))
    deliver(hub, "crm/2.csv", crm("1,2,D,,,,"))
    advance(hub)
    assert _name(hub, "crm:2") == "Ann-Marie Miller"
    law_4_equals_rebuild(hub)
    decide(hub, "REVOKE", revokes=pin)
    advance(hub)
    assert _name(hub, "crm:2") != "Ann-Marie Miller"
    law_4_equals_rebuild(hub)


def test_law_6_a_pin_of_no_value_ends_with_its_revocation(hub: Hub) -> None:
    before = _name(hub, "crm:2")
    pin = decide(hub, "PIN", "crm:1", attribute="name", value=None)
    advance(hub)
    assert _name(hub, "crm:2") == "None"
    decide(hub, "REVOKE", revokes=pin)
    advance(hub)
    assert _name(hub, "crm:2") == before != "None"
    law_4_equals_rebuild(hub)


def _name(hub: Hub, key: str) -> str:
    ((name,),) = ask(hub, f"select name from golden_parties where party_id = '{party_of(hub, key)}'")
    return str(name)


@pytest.mark.parametrize("moment", ["master", *(["cluster", "check"] if THOROUGH else [])])
def test_a_decision_written_while_a_run_is_at_work_waits_for_the_next_one(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    deliver(hub, "crm/2.csv", BRIDGE)
    step, done = getattr(Run, moment), []

    def interrupted(self: Run, *rest: Any) -> Any:
        if not done:
            done.append(decide(hub, "PIN", "crm:7", attribute="name", value="Pinned"))
            decide(hub, "NOT_SAME", "crm:5", "crm:7")
        return step(self, *rest)

    monkeypatch.setattr(Run, moment, interrupted)
    build(hub)
    law_4_equals_rebuild(hub)
    build(hub)
    assert frozenset({"crm:5"}) in partition_of(hub)
    assert _name(hub, "crm:7") == "Pinned"
    law_4_equals_rebuild(hub)


# --- law 7


def test_law_7_every_value_names_a_member_and_a_rule(hub: Hub) -> None:
    assert law_7_rules(hub) == {}
    answer = show_party(hub.place, hub.config, "crm:1")
    members = {(member["source"], member["source_record_id"]) for member in answer["members"]}
    assert members == {("crm", "1"), ("crm", "2"), ("web", "b")}
    for value in answer["values"].values():
        for item in value.get("each", [value]):
            assert (item["source"], item["source_record_id"]) in members
            assert item["rule"]


def test_law_7_finds_a_value_without_proof(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    master = golden_stage.master_parties

    def careless(con: Any, *relations: Any) -> Any:
        made = master(con, *relations)
        con.execute(
            "update golden_new set provenance = map_from_entries(list_filter(map_entries(provenance),"
            " lambda e: e.key <> 'birth_date'))"
        )
        return made

    monkeypatch.setattr(golden_stage, "master_parties", careless)
    with pytest.raises(GateError, match="provenance_is_complete"):
        build(hub, full=True)
    assert set(law_7_rules(hub)) == {"provenance_is_complete"}
