"""What two releases say differently: parties born, merged, split and retired, records moved, values changed.

Reads the histories, so that it answers for releases that are no longer kept, too, and its cost follows the change.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from partyhub_dagster.answers.moments import release_at
from partyhub_dagster.errors import NotFoundError
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.lake.releases import Release
from partyhub_dagster.lake.rollbacks import shown_release
from partyhub_dagster.lake.statements import load_sql

EVENTS = ("CREATED", "SPLIT", "MERGED", "RENAMED", "RETIRED", "MEMBERS_CHANGED")
SAMPLE = 20
_TELLING = ("MERGED", "SPLIT", "RETIRED", "RENAMED", "CREATED", "MEMBERS_CHANGED")
"""The order in which a sample of events says most."""
_PARTS = {
    "parties": "select party_id::varchar as party_id, event, other_id::varchar as other_id from diff_parties"
    " order by event, party_id",
    "records": "select record_id::varchar as record_id, source, source_record_id,"
    " party_before::varchar as party_before, party_after::varchar as party_after from diff_records"
    " order by record_id",
    "values": "select party_id::varchar as party_id, attribute, change, value, source,"
    " record_id::varchar as record_id, rule from diff_values order by party_id, attribute, change, value",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Two releases on one connection, and what differs as the temp tables diff_parties, _records, _values."""

    con: duckdb.DuckDBPyConnection
    before: Release
    after: Release

    def summary(self) -> dict[str, Any]:
        """Count what differs: parties by event, records, golden values by attribute and source."""
        con = self.con
        events = dict(con.execute("select event, count(*) from diff_parties group by event").fetchall())
        records = con.execute(
            "select count(*) filter (party_before is null) as added, count(*) filter (party_after is null) as removed,"
            " count(*) filter (party_before is not null and party_after is not null) as moved from diff_records"
        ).fetchone()
        values = con.execute(
            "select attribute, source, count(*) filter (change = 'GAINED') as gained,"
            " count(*) filter (change = 'LOST') as lost, count(distinct party_id) as parties from diff_values"
            " group by all order by attribute, source"
        ).fetchall()
        ranks = " ".join(f"when '{event}' then {rank}" for rank, event in enumerate(_TELLING))
        sample = con.execute(
            "select party_id::varchar, event, other_id::varchar from diff_parties"
            f" order by case event {ranks} end, party_id limit {SAMPLE}"
        ).fetchall()
        return {
            "from": _told(self.before),
            "to": _told(self.after),
            "parties": {event: events.get(event, 0) for event in EVENTS},
            "records": dict(zip(("added", "removed", "moved"), records or (0, 0, 0), strict=True)),
            "values": [
                dict(zip(("attribute", "source", "gained", "lost", "parties"), row, strict=True))
                for row in values
            ],
            "sample": [dict(zip(("party_id", "event", "other_id"), row, strict=True)) for row in sample],
        }

    def write(self, folder: Path) -> list[Path]:
        """Write what differs as Parquet files: parties, records and values; the last two hold personal data.

        Raises:
            NotFoundError: the folder holds such files already, or cannot be written.
        """
        files = [folder / f"{name}.parquet" for name in _PARTS]
        if any(file.exists() for file in files):
            raise NotFoundError(
                f"{folder} holds a diff already; nothing was written.",
                remedy="Name another folder with --out.",
            )
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for file, query in zip(files, _PARTS.values(), strict=True):
                self.con.execute(f"copy ({query}) to {quote_text(str(file))} (format parquet)")
        except (OSError, duckdb.IOException) as error:
            raise NotFoundError(
                f"{folder} cannot be written ({type(error).__name__}).",
                remedy="Name a folder that you may write to with --out.",
            ) from None
        return files


@contextmanager
def diff_releases(place: LakePlace, before: str, after: str | None = None) -> Iterator[Difference]:
    """Compare two releases, each named by its number or a time; left out, `after` is the one that readers see.

    Raises:
        NotFoundError: there is no such release.
    """
    with place.connect(read_only=True) as con:
        first = release_at(con, before)
        second = shown_release(con) if after is None else release_at(con, after)
        if second is None:
            raise NotFoundError("The hub has no release yet.", remedy="Run `partyhub build`.")
        numbers = {"before": first.number, "after": second.number}
        bounds = {**numbers, "low": min(numbers.values()), "high": max(numbers.values())}
        for name, values in (("records", bounds), ("golden", bounds), ("values", {}), ("parties", {})):
            statement = load_sql(__package__, f"diff_{name}.sql")
            con.execute(f"create or replace temp table diff_{name} as {statement}", values)
        yield Difference(con, first, second)


def _told(release: Release) -> dict[str, Any]:
    return {"release": release.number, "released_at": release.released_at.isoformat(timespec="seconds")}
