"""The SQLite file that is the lake's catalog: what it names, how large it is, and copies of it.

Read beside DuckLake, which offers no copy and no list of files over all snapshots. Whoever copies it holds the write
lock, so that a copy is a state between two writes.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from partyhub_dagster.errors import LakeError

_NAMED = """
    select s.path || t.path || f.path, f.path_is_relative and t.path_is_relative and s.path_is_relative
    from ({files}) as f
    join (select table_id, max(schema_id) as schema_id, max(path) as path, max(path_is_relative) as path_is_relative
        from ducklake_table group by table_id) as t using (table_id)
    join (select schema_id, max(path) as path, max(path_is_relative) as path_is_relative
        from ducklake_schema group by schema_id) as s using (schema_id)
"""
_DATA = "select table_id, path, path_is_relative from ducklake_data_file"
_DELETES = "select table_id, path, path_is_relative from ducklake_delete_file"


@dataclass(frozen=True, slots=True)
class CatalogSize:
    """How much a catalog holds."""

    snapshots: int
    files: int
    bytes: int


def named_files(catalog: Path) -> list[str]:
    """Return the files that any snapshot of a catalog needs, relative to the folder of data.

    Raises:
        LakeError: one of them lies outside that folder, or the catalog is damaged.
    """
    try:
        with closing(sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)) as con:
            rows = con.execute(_NAMED.format(files=f"{_DATA} union all {_DELETES}")).fetchall()
    except sqlite3.Error as error:
        raise _damaged(catalog, error) from None
    if not all(relative for _, relative in rows):
        raise LakeError(
            "The catalog names files outside the hub's folder; nothing was copied or deleted.",
            remedy="Files that were added to the lake by hand are not looked after; take them out again.",
        )
    return sorted({path for path, _ in rows})


def catalog_size(catalog: Path) -> CatalogSize:
    """Return how much a catalog holds, and its bytes on disk with what is not yet written back."""
    wal = catalog.with_name(catalog.name + "-wal")
    held = sum(file.stat().st_size for file in (catalog, wal) if file.exists())
    with closing(sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)) as con:
        (snapshots,) = con.execute("select count(*) from ducklake_snapshot").fetchone()
        (files,) = con.execute(
            "select (select count(*) from ducklake_data_file) + (select count(*) from ducklake_delete_file)"
        ).fetchone()
    return CatalogSize(snapshots, files, held)


def copy_catalog(source: Path, target: Path) -> None:
    """Make `target` equal to `source`, whole or not at all, also if others have `target` open.

    Raises:
        LakeError: it cannot be read or written.
    """
    try:
        with closing(sqlite3.connect(source)) as held, closing(sqlite3.connect(target, timeout=30)) as copy:
            held.backup(copy)
    except sqlite3.Error as error:
        raise _damaged(source, error) from None


def shrink_catalog(catalog: Path) -> bool:
    """Give the space of deleted rows back; tell whether it could, which it cannot while somebody reads."""
    try:
        with closing(sqlite3.connect(catalog, timeout=1)) as con:
            con.execute("vacuum")
            con.execute("pragma wal_checkpoint(truncate)")
    except sqlite3.OperationalError:
        return False
    return True


def problem_of(catalog: Path) -> str | None:
    """Say what SQLite finds wrong with a catalog; None if nothing."""
    try:
        with closing(sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)) as con:
            (found,) = con.execute("pragma integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        return type(error).__name__
    return None if found == "ok" else "its pages do not fit together"


def forget_scheduled_files(catalog: Path) -> None:
    """Forget the files that wait for their deletion: a copy of the lake does not have them."""
    with closing(sqlite3.connect(catalog)) as con:
        con.execute("delete from ducklake_files_scheduled_for_deletion")
        con.commit()


def settle_catalog(catalog: Path) -> None:
    """Write everything into the one file, so that it can be moved alone."""
    with closing(sqlite3.connect(catalog, timeout=30)) as con:
        con.execute("pragma wal_checkpoint(truncate)")


def _damaged(catalog: Path, error: Exception) -> LakeError:
    return LakeError(
        f"The catalog {catalog.name} cannot be read or copied ({type(error).__name__}).",
        remedy="Check disk space and permissions; if it is damaged, restore the hub from a backup.",
    )
