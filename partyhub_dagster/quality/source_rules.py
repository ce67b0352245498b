"""The source suite: what came in is what is held."""

from partyhub_dagster.config import HubConfig
from partyhub_dagster.lake.tables import SOURCE_PARTIES, SOURCE_PARTY_HISTORY
from partyhub_dagster.quality.delivery_rules import standing_loads
from partyhub_dagster.quality.rule import Rule, Severity, at_most, no_row_breaks, statement
from partyhub_dagster.quality.touched import of_touched, touched_records


def source_rules(config: HubConfig) -> list[Rule]:
    """List the rules of the source suite, keys of tables apart."""
    share, standing = config.quality.max_quarantined_share, standing_loads(config)
    written = touched_records(SOURCE_PARTIES, SOURCE_PARTY_HISTORY)
    quarantined = statement("quarantined_share.sql", threshold=share).replace("$standing", standing)
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
            no_row_breaks(written, of_touched(
                statement("current_is_newest_version.sql"), written, ("record_id",), "source_parties",
                "source_party_history",
            )),
        ),
        _rule(
            "quarantined_share", "block", ("load_audit", "quarantine"),
            f"Every file loaded since the release put at most {share:.0%} of its rows into quarantine.",
            at_most(share, quarantined),
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
            "No snapshot since the release had deletions refused.",
            _counts_nothing(standing, "deletions_refused"),
        ),
        _rule(
            "version_conflicts", "warn", ("load_audit",),
            "No load since the release brought a version that was already held with other content.",
            _counts_nothing(standing, "version_conflicts"),
        ),
    ]  # fmt: skip


def _rule(
    name: str, severity: Severity, reads: tuple[str, ...], description: str, query: str, query_since: str = ""
) -> Rule:
    return Rule(
        name, "source", severity, "source_parties", reads, description, query, query_since=query_since
    )


def _counts_nothing(standing: str, counted: str) -> str:
    """Return the query of a rule that a count of load_audit is 0 in every standing load."""
    return (
        f"select count(*) as rows_checked, coalesce(sum({counted}), 0)::bigint as rows_failed,"
        " null::double as measured, null::double as threshold, rows_failed = 0 as passed,"
        f" []::uuid[] as sample from ({standing})"
    )
