"""One source of a lake that many tests share: files go in by `send`, and what became of them can be asked."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from partyhub_dagster.config import HubConfig, load_config
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.schema import ensure_schema
from partyhub_dagster.lake.session import Session
from partyhub_dagster.sources.deliveries import find_deliveries
from partyhub_dagster.sources.load import load_delivery
from partyhub_dagster.sources.storing import LoadCounts
from partyhub_dagster_tests.factories import lake_place

_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Lake:
    """An empty lake and an open connection on it."""

    place: LakePlace
    con: duckdb.DuckDBPyConnection

    @property
    def session(self) -> Session:
        """A session on the lake."""
        return Session(self.place, self.con, "test")

    def feed(self, folder: Path, options: str = "", *, suffix: str = "csv") -> "Feed":
        """Return a new source whose files lie in `folder`; `options` are further lines of hub.yaml."""
        name = f"feed{next(_NUMBERS)}"
        given = {line.split(":")[0].strip() for line in options.splitlines()}
        usual = {
            "key": "ID", "kind": "person", "columns": "{NAME: person_name}", "path": "inbox/*", "format": suffix,
        }  # fmt: skip
        lines = [f"{key}: {value}" for key, value in usual.items() if key not in given]
        lines += [line for line in options.splitlines() if line.strip()]
        yaml = "version: 1\nname: feeds\nsources:\n  " + name + ":\n" + "".join(f"    {x}\n" for x in lines)
        (folder / "hub.yaml").write_text(yaml, encoding="utf-8")
        return Feed(self, name, load_config(folder / "hub.yaml"))


@contextmanager
def new_lake(home: Path) -> Iterator[Lake]:
    """Yield a new lake."""
    place = lake_place(home)
    place.prepare()
    with place.connect() as con:
        ensure_schema(place, con, [])
        yield Lake(place, con)


@dataclass(frozen=True, slots=True)
class Feed:
    """A source."""

    lake: Lake
    name: str
    config: HubConfig

    @property
    def session(self) -> Session:
        """A session on the lake."""
        return self.lake.session

    def put(self, file: str, content: str | bytes) -> Path:
        """Write a file without loading it."""
        path = self.config.root / "inbox" / file
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def load(self) -> LoadCounts:
        """Load every file that is new or changed."""
        source, total = self.config.sources[self.name], LoadCounts()
        for delivery in find_deliveries(self.lake.con, self.name, source, self.config.root):
            total += load_delivery(self.session, source, delivery, datetime.now(UTC))
        return total

    def send(self, file: str, content: str | bytes) -> LoadCounts:
        """Write a file and load it."""
        self.put(file, content)
        return self.load()

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query in which $name is the source."""
        return self.lake.con.execute(query, {"name": self.name}).fetchall()

    def live(self) -> dict[str, str]:
        """Return the payloads of the live records by key."""
        rows = self.ask(
            "select source_record_id, payload from source_parties where source = $name and not deleted"
        )
        return dict(rows)

    def keys(self) -> set[str]:
        """Return the keys of the live records."""
        return set(self.live())

    def versions(self, key: str) -> list[tuple[Any, ...]]:
        """Return (version order, deleted) of every accepted version of a record, in order of acceptance."""
        return self.lake.con.execute(
            "select version_order, deleted from source_party_history where source = $name and source_record_id = $key"
            " order by ingest_seq",
            {"name": self.name, "key": key},
        ).fetchall()

    def rejected(self) -> list[tuple[int, list[str]]]:
        """Return (line, reasons) of every row in quarantine."""
        return self.ask("select line, reasons from quarantine where source = $name order by line")

    def epochs(self) -> list[tuple[Any, ...]]:
        """Return which write last touched each row that came of this source."""
        return self.ask(
            "select record_id::varchar, ingest_seq, epoch from source_party_history where source = $name union all"
            " select record_id::varchar, ingest_seq, epoch from source_parties where source = $name union all"
            " select quarantine_id::varchar, line, epoch from quarantine where source = $name order by all"
        )
