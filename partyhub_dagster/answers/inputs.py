"""What a rebuild starts from, copied from the hub (`held`) into the scratch lake (`lake`)."""

import duckdb


def copy_inputs(con: duckdb.DuckDBPyConnection, records: str = "true", decisions: str = "true") -> None:
    """Copy source records, models, what clustering has consumed of the decisions, and where dead ids lead.

    `records` and `decisions` are conditions that narrow them.
    """
    con.execute("begin")
    for table, condition in (
        ("source_parties", records),
        ("match_models", "true"),
        ("decisions", f"{consumed_by('party_clusters')} and {decisions}"),
        ("party_lineage", "event in ('RENAMED', 'RETIRED')"),
    ):
        con.execute(f"insert into lake.{table} by name select * from held.{table} where {condition}")
    con.execute("update lake.hub_epoch set epoch = (select epoch from held.hub_epoch)")
    con.execute("commit")


def copy_later_decisions(con: duckdb.DuckDBPyConnection, decisions: str = "true") -> None:
    """Copy the decisions that came between clustering and mastering: a pin may have been set between the two."""
    con.execute(
        "insert into lake.decisions by name select * from held.decisions"
        f" where {consumed_by('golden_parties')} and not ({consumed_by('party_clusters')}) and {decisions}"
    )


def consumed_by(stage: str) -> str:
    """Return the SQL condition on `decisions` that a stage of the hub has taken them up."""
    return f"epoch <= (select max(watermark) from held.watermarks where stage = '{stage}')"
