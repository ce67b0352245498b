"""Lines whose columns lie at fixed places."""

from pathlib import Path

import duckdb

from partyhub_dagster.config import Source
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.sources.reading.lines import drop_lines, read_lines


def read_fixed_width(con: duckdb.DuckDBPyConnection, source: Source, path: Path, out: str) -> list[str]:
    """Create temp table `out` (position, payload, reason) from a plain file; return its columns.

    Blanks around a value are padding. A line may be short, since trailing blanks are often cut; one that goes on
    behind its last column is no line of this layout.
    """
    layout = source.fixed_width
    fields = ", ".join(
        f"{quote_text(name)}, nullif(trim(substring(line, {first}, {last - first + 1})), '')"
        for name, (first, last) in layout.columns.items()
    )
    end = max(last for _, last in layout.columns.values())
    read_lines(con, path, "fixed_lines")
    too_long = f"length(rtrim(line, ' \t\r')) > {end}"
    con.execute(
        f"create or replace temp table {out} as"
        f" select position, case when {too_long} then line else json_object({fields})::varchar end as payload,"
        f" case when {too_long} then 'line is longer than the layout, which ends at character {end}' end as reason"
        f" from fixed_lines where position > {layout.skip}"
        " union all by name"
        " select line as position, raw as payload, 'line cannot be read as text: ' || what as reason from rejects"
        f" where line > {layout.skip}"
    )
    drop_lines(con, "fixed_lines")
    return list(layout.columns)
