"""Whether lines are events that the hub would take, told by the code that takes them."""

from collections.abc import Iterable, Sequence

from partyhub_dagster.streaming.events import understand_messages


def find_mistakes(
    lines: Sequence[bytes], sources: Iterable[str], fed: Iterable[str], max_bytes: int
) -> list[list[str]]:
    """Return for each line every reason against it as an event; no reason quotes a value."""
    import duckdb
    import pyarrow as pa

    columns = {
        "message_offset": pa.array(range(len(lines)), pa.int64()),
        "message_value": pa.array(lines, pa.binary()),
    }
    with duckdb.connect() as con:
        con.register("waiting", pa.table(columns))
        con.execute(
            "create temp table messages as select '' as topic, 0 as partition, message_offset, ''::blob as message_key,"
            " message_value, null::varchar as decoded, null::varchar as undecoded from waiting"
        )
        understand_messages(con, sources, fed, max_bytes=max_bytes, checks_key=False)
        rows = con.execute("select reasons from events order by message_offset").fetchall()
    return [reasons for (reasons,) in rows]
