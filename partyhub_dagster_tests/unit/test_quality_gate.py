"""Results are recorded once, grow stale with their tables, and hold a release back until they pass or are accepted."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pandas as pd
import pytest

from partyhub_dagster.config import HubConfig, load_config
from partyhub_dagster.errors import GateError, InvariantError, NotFoundError
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.write import head_epoch, write_transaction
from partyhub_dagster.quality import (
    RuleResult,
    accept,
    all_rules,
    evaluate_suites,
    latest_results,
    objections_in,
)
from partyhub_dagster.quality import evaluate as evaluate_module
from partyhub_dagster.quality.frames import check_results
from partyhub_dagster_tests.unit.quality_world import HUB_YAML, id_of, tiny_hub

Hub = tuple[Session, HubConfig]


TOUCHED = (
    "golden_parties",
    "load_audit",
    "quarantine",
    "removed_keys",
    "dq_results",
    "acceptances",
    "watermarks",
)


@pytest.fixture(scope="module")
def one_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with tiny_hub(tmp_path_factory.mktemp("tiny")) as found:
        for table in TOUCHED:
            found[0].con.execute(f"create temp table sound_{table} as from lake.{table}")
        yield found


@pytest.fixture
def hub(one_hub: Hub) -> Iterator[Hub]:
    """Give every test the sound hub, never checked; making a lake anew each time costs a second."""
    yield one_hub
    con = one_hub[0].con
    con.execute("begin")
    for table in TOUCHED:
        con.execute(f"delete from {table}; insert into {table} from sound_{table}")
    con.execute("commit")


def change(session: Session, statement: str) -> None:
    """Change the lake as a stage would, in one epoch."""
    with write_transaction(session) as transaction:
        session.con.execute(statement.replace("$epoch", str(transaction.epoch)))


def objections(hub: Hub, suite: str | None = None) -> set[tuple[str, str]]:
    found = objections_in(latest_results(*hub), hub[1])
    return {
        (objection.rule.name, objection.why) for objection in found if suite in (None, objection.rule.suite)
    }


def result_of(hub: Hub, rule: str) -> RuleResult:
    return next(result for result in latest_results(*hub) if result.rule == rule)


def break_golden(hub: Hub) -> None:
    change(hub[0], f"update golden_parties set members = 7, epoch = $epoch where party_id = {id_of('ada')}")
    evaluate_suites(*hub, ["golden"])


def test_a_hub_that_was_never_checked_is_not_released(hub: Hub) -> None:
    blocking = {(rule.name, "missing") for rule in all_rules(hub[1]) if rule.severity == "block"}
    assert objections(hub) == blocking


def test_a_checked_sound_hub_is_released_and_checking_again_writes_nothing(hub: Hub) -> None:
    session, config = hub
    first = evaluate_suites(session, config)
    assert objections(hub) == set()
    assert {r.rule for r in first} == {rule.name for rule in all_rules(config)}
    epoch = head_epoch(session.con)
    full = replace(session, full=True)
    assert evaluate_suites(session, config) == first
    assert evaluate_suites(full, config) == first
    assert head_epoch(session.con) == epoch


def test_only_rules_that_read_what_changed_grow_stale(hub: Hub) -> None:
    session, config = hub
    evaluate_suites(session, config, ["golden"])
    change(session, f"update golden_parties set epoch = $epoch where party_id = {id_of('ada')}")
    reading = {rule.name for rule in all_rules(config) if "golden_parties" in rule.reads}
    assert {r.rule for r in latest_results(*hub) if r.stale} == reading
    assert ("members_add_up", "stale") in objections(hub)
    evaluate_suites(session, config, ["golden"])
    assert objections(hub, "golden") == set()


def test_a_deleted_row_makes_a_result_stale(hub: Hub) -> None:
    session, config = hub
    evaluate_suites(session, config, ["source"])
    assert not result_of(hub, "quarantined_share").stale
    change(session, "delete from quarantine; insert into removed_keys values ('quarantine', 'x', $epoch)")
    assert result_of(hub, "quarantined_share").stale


def test_a_change_during_the_evaluation_makes_its_result_stale(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, config = hub

    def change_meanwhile(frame: pd.DataFrame, rules: list[str]) -> pd.DataFrame:
        change(session, "update golden_parties set epoch = $epoch")
        return check_results(frame, rules)

    monkeypatch.setattr(evaluate_module, "check_results", change_meanwhile)
    evaluate_suites(session, config, ["golden"])
    assert result_of(hub, "members_add_up").stale
    assert not result_of(hub, "lineage_has_no_gap").stale
    monkeypatch.undo()
    evaluate_suites(session, config, ["golden"])
    assert not result_of(hub, "members_add_up").stale


def test_another_threshold_in_hub_yaml_makes_its_suite_stale(hub: Hub, tmp_path: Path) -> None:
    session, config = hub
    evaluate_suites(session, config, ["source"])
    evaluate_suites(session, config, ["golden"])
    (tmp_path / "hub.yaml").write_text(HUB_YAML.replace("phone: 0.3", "lei: 0.3"))
    stricter = load_config(tmp_path / "hub.yaml")
    assert {r.suite for r in latest_results(session, stricter) if r.stale} == {"golden"}
    evaluate_suites(session, stricter, ["golden"])
    assert objections((session, stricter), "golden") == {("completeness:lei", "failed")}


def test_a_failed_blocking_rule_objects_with_figures_and_without_values(hub: Hub) -> None:
    break_golden(hub)
    found = [o for o in objections_in(latest_results(*hub), hub[1]) if o.rule.suite == "golden"]
    assert [str(objection) for objection in found] == ["members_add_up failed: 1 of 3 rows"]
    result = result_of(hub, "members_add_up")
    assert [f"'{party}'::uuid" for party in result.sample] == [id_of("ada")]
    assert isinstance(result.sample[0], UUID)


def test_a_failed_warning_does_not_object(hub: Hub) -> None:
    session, config = hub
    change(session, "update load_audit set deletions_refused = 1, epoch = $epoch")
    evaluate_suites(session, config, ["source"])
    assert not result_of(hub, "deletions_refused").passed
    assert not {name for name, _ in objections(hub)} & {"deletions_refused"}


def test_an_accepted_failure_passes_for_that_state_only(hub: Hub) -> None:
    session, config = hub
    break_golden(hub)
    assert objections(hub, "golden") == {("members_add_up", "failed")}
    accept(session, config, "members_add_up", "jo", "known, corrected tomorrow")
    assert objections(hub, "golden") == set()
    evaluate_suites(session, config, ["golden"])
    assert objections(hub, "golden") == set()
    change(session, "update golden_parties set epoch = $epoch")
    assert ("members_add_up", "stale") in objections(hub)
    evaluate_suites(session, config, ["golden"])
    assert objections(hub, "golden") == {("members_add_up", "failed")}


def test_accepting_twice_writes_once(hub: Hub) -> None:
    session, config = hub
    break_golden(hub)
    for reason in ("known", "again"):
        assert accept(session, config, "members_add_up", "jo", reason).accepted
    assert session.count("acceptances") == 1


def test_what_cannot_be_accepted_is_refused_with_a_remedy(hub: Hub) -> None:
    session, config = hub
    break_golden(hub)
    refused: list[tuple[str, str, type[Exception], str]] = [
        ("no_such_rule", "because", NotFoundError, "no check of that name"),
        ("loads_reconcile", "because", NotFoundError, "never evaluated"),
        ("golden_is_complete", "because", GateError, "has passed"),
        ("completeness:name", "because", GateError, "only warns"),
        ("members_add_up", "  ", GateError, "reason"),
    ]
    for rule, reason, error, words in refused:
        with pytest.raises(error, match=f"{words}.*Remedy"):
            accept(session, config, rule, "jo", reason)
    change(session, "update golden_parties set epoch = $epoch")
    with pytest.raises(GateError, match=r"older.*Remedy"):
        accept(session, config, "members_add_up", "jo", "because")
    assert session.count("acceptances") == 0


def test_a_full_run_finds_what_was_changed_around_the_write_gate(hub: Hub) -> None:
    session, config = hub
    evaluate_suites(session, config, ["golden"])
    session.con.execute("update golden_parties set members = 7")  # same epoch: no stage would see it
    assert all(result.passed for result in evaluate_suites(session, config, ["golden"]))
    found = evaluate_suites(replace(session, full=True), config, ["golden"])
    assert [result.rule for result in found if not result.passed] == ["members_add_up"]


GOOD = {
    "rule": "r", "suite": "source", "severity": "block", "rows_checked": 2, "rows_failed": 1, "measured": None,
    "threshold": None, "passed": False, "sample": [uuid4()],
}  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"sample": ["ada@example.org"]},
        {"sample": [uuid4() for _ in range(21)]},
        {"passed": True},
        {"rows_failed": -1, "passed": True},
        {"measured": 0.5},
        {"rule": "another"},
        {"suite": "other"},
    ],
)
def test_a_malformed_result_is_never_recorded_and_never_quoted(wrong: dict[str, object]) -> None:
    frame = pd.DataFrame([GOOD]).astype({"measured": float, "threshold": float})
    assert len(check_results(frame, ["r"])) == 1
    broken = pd.DataFrame([GOOD | wrong]).astype({"measured": float, "threshold": float})
    with pytest.raises(InvariantError) as caught:
        check_results(broken, ["r"])
    assert "ada@" not in str(caught.value)


def test_a_rule_whose_query_fails_is_named_and_nothing_is_recorded(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, config = hub
    rule = replace(all_rules(config)[0], query="select 'ada@example.org'::integer")
    monkeypatch.setattr(evaluate_module, "suite_rules", lambda *_: [rule])
    with pytest.raises(InvariantError, match=rule.name) as caught:
        evaluate_suites(session, config, ["source"])
    assert "ada@" not in str(caught.value)
    assert session.count("dq_results") == 0
