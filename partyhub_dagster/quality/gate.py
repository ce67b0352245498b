"""What stands between the head and a release, and how a person lets a failed check pass."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import GateError, NotFoundError
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import ACCEPTANCES
from partyhub_dagster.lake.write import write_transaction
from partyhub_dagster.quality.results import RuleResult, latest_results
from partyhub_dagster.quality.rule import Rule
from partyhub_dagster.quality.rules import all_rules


@dataclass(frozen=True, slots=True)
class Objection:
    """A blocking rule that does not speak for a release of the lake as it is."""

    rule: Rule
    why: Literal["missing", "stale", "failed"]
    result: RuleResult | None

    def __str__(self) -> str:
        match self.why:
            case "missing":
                return f"{self.rule.name} was never evaluated"
            case "stale":
                return f"{self.rule.name} was evaluated before the newest change of what it reads"
            case _:
                return f"{self.rule.name} failed: {_figures(self.result)}"


def objections_in(results: Iterable[RuleResult], config: HubConfig) -> list[Objection]:
    """List the blocking rules whose newest result is missing, stale, or failed and not accepted; none: release."""
    held = {result.rule: result for result in results}
    objections = []
    for rule in all_rules(config):
        result = held.get(rule.name)
        if rule.severity != "block":
            continue
        if result is None:
            objections.append(Objection(rule, "missing", None))
        elif result.stale:
            objections.append(Objection(rule, "stale", result))
        elif not (result.passed or result.accepted):
            objections.append(Objection(rule, "failed", result))
    return objections


def accepting(objections: Iterable[Objection]) -> str:
    """Return what to type to let failed checks pass; those that were not evaluated as it is now need a build."""
    failed = "".join(f" --accept {o.rule.name}" for o in objections if o.why == "failed")
    return f"`partyhub release{failed} --reason TEXT`" if failed else "`partyhub build` evaluates them"


def accept(session: Session, config: HubConfig, rule_name: str, author: str, reason: str) -> RuleResult:
    """Let the newest result of a failed blocking rule pass, for the state that it speaks of only.

    Writes acceptances; accepting the same result again writes nothing.

    Raises:
        NotFoundError: there is no such rule, or it was never evaluated.
        GateError: it has not failed, does not block, or its result is stale; or no reason is given.
    """
    if not author.strip() or not reason.strip():
        raise GateError(
            f"{rule_name} was not accepted: an author and a reason are required.",
            remedy='Say who accepts it and why: partyhub release --accept CHECK --reason "...".',
        )
    known = _acceptable(session, config, rule_name)
    if known.accepted:
        return known
    with write_transaction(session) as transaction:
        result = _acceptable(session, config, rule_name)  # nothing writes between here and the commit
        session.con.execute(
            "create or replace temp table accepted as select uuid() as acceptance_id, $rule as rule,"
            " $result::uuid as result_id, $author as author, $reason as reason, now() as accepted_at",
            {"rule": rule_name, "result": str(result.result_id), "author": author, "reason": reason},
        )
        transaction.append(ACCEPTANCES, "accepted")
    session.drop("accepted")
    return replace(result, accepted=True)


def _acceptable(session: Session, config: HubConfig, rule_name: str) -> RuleResult:
    rule = next((rule for rule in all_rules(config) if rule.name == rule_name), None)
    if rule is None:
        raise NotFoundError(
            "There is no check of that name; nothing was accepted.",
            remedy="`partyhub status` lists the checks that stand against a release.",
        )
    result = next((r for r in latest_results(session, config) if r.rule == rule_name), None)
    if result is None:
        raise NotFoundError(
            f"{rule_name} was never evaluated; nothing was accepted.", remedy="Run `partyhub build` first."
        )
    if rule.severity == "warn" or result.passed:
        state = "only warns" if rule.severity == "warn" else "has passed"
        raise GateError(
            f"{rule_name} {state}: it holds back no release, and nothing was accepted.",
            remedy="Run `partyhub release` without accepting it.",
        )
    if result.stale:
        raise GateError(
            f"The result of {rule_name} is older than what the check reads; nothing was accepted.",
            remedy="Run `partyhub build` and look at the new result.",
        )
    return result


def _figures(result: RuleResult | None) -> str:
    if result is None:
        return "no result"
    if result.threshold is None:
        return f"{result.rows_failed:,} of {result.rows_checked:,} rows"
    return f"{result.measured:.4g} against a bound of {result.threshold:.4g}"
