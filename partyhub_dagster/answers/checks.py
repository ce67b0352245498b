"""The newest results of the checks: what they claim, what they found, and what to do."""

from typing import Any

from partyhub_dagster.errors import NotFoundError
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.session import Session
from partyhub_dagster.quality.advice import advice_on
from partyhub_dagster.quality.results import RuleResult, latest_results


def read_checks(hub: Hub, name: str | None = None, *, failed: bool = False) -> list[dict[str, Any]]:
    """List the newest result of every rule at head, of one rule, or of those that do not hold; ids, never values.

    Raises:
        NotFoundError: no rule of that name was evaluated.
    """
    with hub.place.connect(read_only=True) as con:
        results = latest_results(Session(hub.place, con, run_id="checks"), hub.config)
    chosen = [result for result in results if name is None or result.rule == name]
    if name is not None and not chosen:
        raise NotFoundError(
            "No check of that name was evaluated.", remedy="`partyhub checks` lists those that were."
        )
    return [told(result) for result in chosen if not (failed and result.passed)]


def told(result: RuleResult) -> dict[str, Any]:
    """Return a result as people and programs read it; one that does not hold with its meaning and next step."""
    advice = None if result.passed else advice_on(result.rule)
    return {
        "rule": result.rule,
        "suite": result.suite,
        "severity": result.severity,
        "claims": result.description,
        "passed": result.passed,
        "accepted": result.accepted,
        "stale": result.stale,
        "rows_checked": result.rows_checked,
        "rows_failed": result.rows_failed,
        "measured": result.measured,
        "threshold": result.threshold,
        "parts": [
            {
                "part": p.part,
                "rows_failed": p.rows_failed,
                "rows_checked": p.rows_checked,
                "measured": p.measured,
            }
            for p in result.parts
        ],
        "sample": [str(id_) for id_ in result.sample],
        "meaning": None if advice is None else advice.meaning,
        "next_step": None if advice is None else advice.next_step,
    }
