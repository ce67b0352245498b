"""The source suite: what came in is what is held."""

from partyhub_dagster.config import HubConfig
from partyhub_dagster.quality.rule import Rule, Severity, at_most, no_row_breaks, statement


def source_rules(config: HubConfig) -> list[Rule]:
    """List the rules of the source suite, keys of tables apart."""
    share = config.quality.max_quarantined_share
    return [
        _rule(
            "loads_reconcile", "block", ("load_audit", "source_party_history", "quarantine"),
            "Of every load, rows in = stored + unchanged + quarantined, and versions and quarantine hold as many.",
            no_row_breaks("load_audit", statement("loads_reconcile.sql")),
        ),
        _rule(
            "current_is_newest_version", "block", ("source_parties", "source_party_history"),
            "Every current source record is the newest accepted version in its history, and no record is missing.",
            no_row_breaks("source_parties", statement("current_is_newest_version.sql")),
        ),
        _rule(
            "quarantined_share", "block", ("load_audit", "quarantine"),
            f"The newest load of each source put at most {share:.0%} of its rows into quarantine.",
            at_most(share, statement("quarantined_share.sql", threshold=share)),
        ),
        _rule(
            "every_delivery_loaded", "block", ("load_audit",),
            "Every file was loaded: its newest load neither failed nor was refused, or it was taken away.",
            no_row_breaks(
                "(select distinct source, file from load_audit)", statement("every_delivery_loaded.sql")
            ),
        ),
        _rule(
            "deletions_refused", "warn", ("load_audit",),
            "The newest snapshot of each source had none of its deletions refused.",
            _newest_load("deletions_refused"),
        ),
        _rule(
            "version_conflicts", "warn", ("load_audit",),
            "The newest load of each source brought no version that was already held with other content.",
            _newest_load("version_conflicts"),
        ),
    ]  # fmt: skip


def _rule(name: str, severity: Severity, reads: tuple[str, ...], description: str, query: str) -> Rule:
    return Rule(name, "source", severity, "source_parties", reads, description, query)


def _newest_load(counted: str) -> str:
    """Return the query of a rule that a count of load_audit is 0 in the newest load of each source."""
    newest = (
        f"select arg_max({counted}, load_order) as n from load_audit where status = 'loaded' group by source"
    )
    return (
        "select (select count(*) from load_audit) as rows_checked, coalesce(sum(n), 0)::bigint as rows_failed,"
        " null::double as measured, null::double as threshold, coalesce(sum(n), 0) = 0 as passed,"
        f" []::uuid[] as sample from ({newest})"
    )
