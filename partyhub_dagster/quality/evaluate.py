"""Evaluating suites: one read of one state of the lake, and one write of what was found."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import duckdb

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import InvariantError
from partyhub_dagster.lake.metadata import Table
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.stage import Delta, read_delta, write_stages
from partyhub_dagster.lake.tables import DQ_PARTS, DQ_RESULTS, all_tables
from partyhub_dagster.lake.write import WriteTransaction, Written
from partyhub_dagster.quality.copies import copy_small_tables
from partyhub_dagster.quality.frames import check_results
from partyhub_dagster.quality.released import show_released
from partyhub_dagster.quality.results import RuleResult, results_of, results_written
from partyhub_dagster.quality.rule import SAMPLE_SIZE, SUITES, Rule, Suite
from partyhub_dagster.quality.suites import stage_name, suite_fingerprint, suite_rules


class Outcome(NamedTuple):
    """The one row that a rule's query gives, and the parts of a figure that is too high."""

    rows_checked: int
    rows_failed: int
    measured: float | None
    threshold: float | None
    passed: bool
    sample: list[UUID]
    parts: list[tuple[str, int, int, float | None]]


def evaluate_suites(
    session: Session, config: HubConfig, suites: Sequence[Suite] = SUITES
) -> list[RuleResult]:
    """Return a result of every rule of the suites, true of the state that it saw, evaluating only if need be.

    Reads the tables of the rules, all in one state, and writes dq_results, all in one transaction. A suite is left
    out of both if nothing that its rules read has changed since its watermark; a full run evaluates then, too, and
    writes if it finds another outcome.
    Guarantees: seen_epoch is the head that the evaluation saw, so a change made meanwhile
    makes it stale for the gate, which reads it anew.
    """
    rules = {suite: suite_rules(config, suite) for suite in suites}
    tables = all_tables(config.attributes.values())
    con, changes = session.con, session.changes()
    deltas = {
        suite: read_delta(session, stage_name(suite), suite_fingerprint(rules[suite]), changes=changes)
        for suite in suites
    }
    con.execute("begin")  # one state of the lake for all rules, the head or a later one
    try:
        due = [suite for suite in suites if not deltas[suite].is_empty(_inputs(rules[suite], tables))]
        looked_at = suites if session.full else due
        if looked_at:
            show_released(con, tables, changes)
            copy_small_tables(con, _of(looked_at, rules), changes, session.copies.names)
        known = [] if session.full else [suite for suite in looked_at if not deltas[suite].everything]
        held_at = _held_at(con, _of(known, rules))
        outcomes = {rule.name: _outcome(con, rule, held_at.get(rule.name)) for rule in _of(looked_at, rules)}
    finally:
        con.execute("rollback")  # it only read
    idle = [suite for suite in suites if suite not in due]
    held = results_of(session, _of(idle, rules)) if idle else []
    differing = [suite for suite in idle if _differ(held, rules[suite], outcomes)]
    moved = [suite for suite in suites if suite in (*due, *differing)]
    fresh = _write(session, [deltas[s] for s in moved], _of(moved, rules), outcomes) if moved else []
    return [r for suite in suites for r in (fresh if suite in moved else held) if r.suite == suite]


def _of(suites: Iterable[Suite], rules: Mapping[Suite, Sequence[Rule]]) -> list[Rule]:
    return [rule for suite in suites for rule in rules[suite]]


def _inputs(rules: Sequence[Rule], tables: Mapping[str, Table]) -> list[Table]:
    return [tables[name] for name in sorted({name for rule in rules for name in rule.reads})]


def _held_at(con: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> dict[str, int]:
    """Return at which epoch each of the rules, if it passed when last evaluated, was seen to hold."""
    wanted = {rule.name for rule in rules if rule.query_since}
    if not wanted:
        return {}
    seen = con.execute(
        "select rule, arg_max(seen_epoch, epoch) from dq_results group by rule having arg_max(passed, epoch)"
    ).fetchall()
    return {name: int(epoch) for name, epoch in seen if name in wanted}


def _outcome(con: duckdb.DuckDBPyConnection, rule: Rule, held_at: int | None) -> Outcome:
    query = rule.query if held_at is None else rule.query_since.format(since=held_at)
    try:
        row = con.execute(query).fetchone()
        failed = rule.parts and row is not None and not row[4]
        parts = con.execute(_PARTS.format(rule.parts)).fetchall() if failed else []
    except duckdb.Error as error:
        raise InvariantError(
            f"The check {rule.name} could not be evaluated ({type(error).__name__}).",  # its text can quote values
            remedy="Run the build again; if it repeats, report the check by its name.",
        ) from None
    if row is None:
        raise InvariantError(
            f"The check {rule.name} gave no result.", remedy="Correct its query in partyhub_dagster/quality."
        )
    return Outcome._make((*row, parts))


_PARTS = f"""
    select part, checked::bigint, failed::bigint, share::double
    from ({{}}) where failed > 0 order by share desc, part limit {SAMPLE_SIZE}
"""


def _differ(held: Sequence[RuleResult], rules: Sequence[Rule], outcomes: Mapping[str, Outcome]) -> bool:
    """Tell whether an evaluation on unchanged tables found something else: nobody should write around the gate."""
    known = {result.rule: (result.rows_failed, result.passed) for result in held}
    found = {rule.name: outcomes[rule.name] for rule in rules if rule.name in outcomes}
    return any(known.get(name) != (now.rows_failed, now.passed) for name, now in found.items())


def _write(
    session: Session, deltas: Sequence[Delta], rules: Sequence[Rule], outcomes: Mapping[str, Outcome]
) -> list[RuleResult]:
    """Append the outcomes of whole suites, whose deltas saw the same head."""
    import pandas as pd

    columns = [
        "rule",
        "suite",
        "severity",
        "rows_checked",
        "rows_failed",
        "measured",
        "threshold",
        "passed",
        "sample",
    ]
    found = [(rule, outcomes[rule.name]) for rule in rules]
    rows = [(rule.name, rule.suite, rule.severity, *outcome[:-1]) for rule, outcome in found]
    parts = [(rule.name, *part) for rule, outcome in found for part in outcome.parts]
    frame = pd.DataFrame(rows, columns=columns)
    frame = frame.astype({"measured": float, "threshold": float})
    frame = check_results(frame, [rule.name for rule in rules])
    frame["sample"] = [[str(id_) for id_ in sample] for sample in frame["sample"]]
    con = session.con
    con.register("found_results", frame)
    con.execute(
        "create or replace temp table results as"
        " select uuid() as result_id, $run::varchar as run_id, suite, rule, severity, rows_checked, rows_failed,"
        " measured, threshold, passed, sample::uuid[] as sample, $seen::bigint as seen_epoch, now() as checked_at"
        " from found_results",
        {"run": session.run_id, "seen": deltas[0].head},
    )
    con.unregister("found_results")
    _stage_parts(con, parts)

    def write(transaction: WriteTransaction) -> list[Written]:
        written = [Written(DQ_RESULTS.name, transaction.append(DQ_RESULTS, "results"), 0)]
        if parts:
            written.append(Written(DQ_PARTS.name, transaction.append(DQ_PARTS, "result_parts"), 0))
        return written

    write_stages(session, deltas, write)
    results = results_written(con, rules, "results", "result_parts")
    session.drop("results", "result_parts")
    return results


def _stage_parts(
    con: duckdb.DuckDBPyConnection, parts: Sequence[tuple[str, str, int, int, float | None]]
) -> None:
    """Create temp table `result_parts` beside `results`."""
    con.execute(
        "create or replace temp table named_parts"
        " (rule varchar, part varchar, rows_checked bigint, rows_failed bigint, measured double)"
    )
    if parts:
        con.executemany("insert into named_parts values (?, ?, ?, ?, ?)", parts)
    con.execute(
        "create or replace temp table result_parts as select r.result_id, p.* exclude (rule)"
        " from named_parts as p join results as r using (rule)"
    )
    con.execute("drop table named_parts")
