"""The only place that calls `duckdb.connect`: sessions on the lake, at head or at a release."""

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from partyhub_dagster.errors import BusyError, LakeError
from partyhub_dagster.lake.extensions import load_extensions
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.lake.scratch import scratch_folder

_BUSY_TIMEOUT_MS = 30_000
_LOOKS, _LOOK_S = 5, 0.02
_INLINE_ROWS = 50  # fixed at creation: changing it later breaks inlined tables


@dataclass(frozen=True, slots=True)
class LakePlace:
    """Where an embedded lake lives: an SQLite catalog and a folder of Parquet files under `home`."""

    home: Path
    threads: int | None = None
    memory_limit: str | None = None

    @property
    def catalog(self) -> Path:
        """The SQLite catalog."""
        return self.home / "catalog.sqlite"

    @property
    def data(self) -> Path:
        """The folder of Parquet files."""
        return self.home / "data"

    @property
    def spill(self) -> Path:
        """The folder under which every connection has one of its own for what does not fit in memory."""
        return self.home / "spill"

    def stamp(self) -> tuple[tuple[int, int], ...]:
        """Return what differs as soon as anything was written to the lake: times and sizes of the catalog's files."""
        found = []
        for file in (self.catalog, self.catalog.with_name(f"{self.catalog.name}-wal")):
            with suppress(FileNotFoundError):
                told = file.stat()
                found.append((told.st_mtime_ns, told.st_size))
        return tuple(found)

    def prepare(self) -> None:
        """Create the folders, closed to other users: the store holds personal data."""
        try:
            for folder in (self.home, self.data, self.spill):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.home.chmod(0o700)
        except OSError as error:
            raise LakeError(
                f"The hub's folder {self.home} cannot be created or used ({type(error).__name__}).",
                remedy="Set PARTYHUB_HOME to a folder that you may write to.",
            ) from None

    def require(self) -> None:
        """Refuse to go on where there is no lake: to open one to be written makes an empty one.

        Raises:
            LakeError: there is none.
        """
        if not self.catalog.exists():
            raise LakeError(
                f"There is no hub in {self.home}.",
                remedy="Run `partyhub build --config FILE`, or set PARTYHUB_HOME to where the hub is.",
            )

    @contextmanager
    def connect(
        self, *, read_only: bool = False, snapshot: int | None = None
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a connection whose default database is the lake; always closed, also after an error."""
        if read_only or snapshot is not None:
            self.require()
        self.prepare()
        with scratch_folder(self.spill) as spill:
            con = self._open(spill)
            try:
                load_extensions(con)
                con.execute("set timezone = 'UTC'")
                con.execute("set enable_progress_bar = false")
                self.attach(con, "lake", read_only=read_only or snapshot is not None, snapshot=snapshot)
                con.execute("use lake")
                yield con
            finally:
                con.close()

    def _open(self, spill: Path) -> duckdb.DuckDBPyConnection:
        try:
            return duckdb.connect(config=self._settings(spill))
        except duckdb.Error as error:
            raise LakeError(
                f"DuckDB did not accept its settings ({type(error).__name__}).",
                remedy="Check PARTYHUB_MEMORY_LIMIT (such as 4GB) and PARTYHUB_THREADS.",
            ) from None

    def _settings(self, spill: Path) -> dict[str, str | bool | int | float | list[str]]:
        settings: dict[str, str | bool | int | float | list[str]] = {"temp_directory": str(spill)}
        if self.threads is not None:
            settings["threads"] = self.threads
        if self.memory_limit is not None:
            settings["memory_limit"] = self.memory_limit
        return settings

    def attach(
        self, con: duckdb.DuckDBPyConnection, name: str, *, read_only: bool, snapshot: int | None = None
    ) -> None:
        """Attach the lake under a name, at head or at one of its snapshots."""
        options = [
            f"DATA_PATH {quote_text(str(self.data) + '/')}",
            "OVERRIDE_DATA_PATH true",  # a hub's folder can be moved, copied and restored elsewhere
            "META_JOURNAL_MODE 'WAL'",
            f"META_BUSY_TIMEOUT {_BUSY_TIMEOUT_MS}",
        ]
        if not self.catalog.exists():
            options.append(f"DATA_INLINING_ROW_LIMIT {_INLINE_ROWS}")
        if read_only:
            options.append("READ_ONLY")
        if snapshot is not None:
            options.append(f"SNAPSHOT_VERSION {snapshot}")
        statement = f"attach {quote_text(f'ducklake:sqlite:{self.catalog}')} as {name} ({', '.join(options)})"
        try:
            con.execute(statement)
        except duckdb.Error as error:
            raise LakeError(
                f"The lake in {self.home} could not be opened ({type(error).__name__}).",
                remedy="Check that the folder is readable, that the disk is not full and that no other program"
                " holds catalog.sqlite; then run again.",
            ) from None


def name_tables_in_memory(con: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> None:
    """Let unqualified names of lake tables be found in the connection's own memory, as views, to be read only.

    DuckDB looks every function up in the default database first. Where that is the lake, each statement outside a
    transaction opens one of the catalog: `select 1 + 1` takes 7 ms then, and under 1 ms after this. Whoever writes
    or travels in time names `lake.TABLE`.
    """
    con.execute("use memory")
    con.execute("; ".join(f"create or replace view {name} as from lake.{name}" for name in tables))


@contextmanager
def locked(file: Path, *, wait: bool, holder: str) -> Iterator[None]:
    """Hold an exclusive OS lock on `file`; the system frees it when the process dies, however it dies.

    Raises:
        BusyError: `wait` is false and somebody else holds it.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if wait:
            fcntl.flock(handle, fcntl.LOCK_EX)
        elif not _try_lock(handle):
            raise BusyError(
                f"Another {holder} is at work on this hub.",
                remedy="Wait until it has ended and run again; two would only undo each other's work.",
            )
        yield
    finally:
        os.close(handle)


def _try_lock(handle: int) -> bool:
    """Lock now; tried a few times, as whoever only looks (`is_held`) holds it too, for microseconds."""
    for _ in range(_LOOKS):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOOK_S)
        else:
            return True
    return False


def is_held(file: Path, *, if_missing: bool = False) -> bool:
    """Tell whether somebody holds the lock on `file`, without waiting for it; `if_missing` where there is none."""
    try:
        handle = os.open(file, os.O_RDWR)
    except FileNotFoundError:
        return if_missing
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(handle)
