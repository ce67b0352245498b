"""Which files an export consists of, and which of them have to be written.

A file is a bucket of a party type: the parties whose ids begin alike. Ids are hashes, so buckets are even. A bucket in
which nothing changed between two releases keeps its file.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from partyhub_dagster.errors import InvariantError
from partyhub_dagster.lake.metadata import quote_name, quote_text
from partyhub_dagster.lake.releases import Release, newest_release
from partyhub_dagster.publish.manifest import ExportedFile, Manifest

PREFIXES = 4_096
"""Parties are told apart by three hexadecimal digits of their ids, so a party type has at most so many buckets."""
_DIGITS = 3
Prefix = tuple[str, int]
"""Party type, and the number that ids begin with."""


@dataclass(frozen=True, slots=True, order=True)
class Bucket:
    """A bucket of a party type."""

    party_type: str
    number: int


@dataclass(frozen=True, slots=True)
class FilePlan:
    """The files of an export: those that stay, and the buckets to write with their rows."""

    buckets: Mapping[str, int]
    kept: list[ExportedFile]
    written: dict[Bucket, int]


def prefix_of(party_id: str = "party_id") -> str:
    """Return the SQL expression of the number that an id begins with."""
    return f"('0x' || left({party_id}::varchar, {_DIGITS}))::integer"


def bucket_of(buckets: Mapping[str, int]) -> str:
    """Return the SQL expression of a row's bucket, by its party_type and party_id."""
    cases = " ".join(f"when {quote_text(name)} then {count}" for name, count in sorted(buckets.items()))
    return f"({prefix_of()} * (case party_type {cases} end) // {PREFIXES})"


def plan_files(
    con: duckdb.DuckDBPyConnection,
    golden: str,
    rows_per_file: int,
    before: Manifest | None,
    dirty: set[Prefix] | None,
) -> FilePlan:
    """Plan the files of an export after `before`; `dirty`: where rows were written since, None: everywhere.

    Guarantees: every row of `golden` is in exactly one file; a kept file says what its bucket says. For no row of the
    bucket was written since, so each is in the file; and the file has as many rows, so none has left the bucket.

    Raises:
        InvariantError: a row has no party type.
    """
    sizes = _sizes(con, golden)
    buckets = {
        name: _count_buckets(sum(held.values()), rows_per_file, before, name) for name, held in sizes.items()
    }
    rows: dict[Bucket, int] = {}
    for name, held in sizes.items():
        for prefix, count in held.items():
            bucket = Bucket(name, prefix * buckets[name] // PREFIXES)
            rows[bucket] = rows.get(bucket, 0) + count
    changed = {Bucket(name, prefix * buckets[name] // PREFIXES) for name, prefix in dirty or ()}
    kept = []
    if before is not None and dirty is not None:
        kept = [
            file
            for file in before.files
            if before.buckets[file.party_type] == buckets.get(file.party_type)
            and (bucket := Bucket(file.party_type, file.bucket)) not in changed
            and rows.get(bucket) == file.rows
        ]
    stays = {Bucket(file.party_type, file.bucket) for file in kept}
    return FilePlan(buckets, kept, {bucket: rows[bucket] for bucket in sorted(rows.keys() - stays)})


def changed_prefixes(
    con: duckdb.DuckDBPyConnection,
    golden: str,
    release: Release,
    before: Manifest | None,
    run_key: str | None,
) -> set[Prefix] | None:
    """Return where rows were written between the release of `before` and this one; None: unknown.

    Known is it only if `before` is an export of an earlier release of this very lake: `run_key` is what that one would
    be called.
    """
    if before is None or run_key != before.run_key or before.release > release.number:
        return None
    found = con.execute(
        f"select distinct party_type, {prefix_of()} from {quote_name(golden)} where epoch > {before.head_epoch}"
    ).fetchall()
    return {(str(party_type), int(prefix)) for party_type, prefix in found}


def earlier_release(con: duckdb.DuckDBPyConnection, before: Manifest | None) -> Release | None:
    """Return the release that has the number which an export names, in this lake."""
    return None if before is None else newest_release(con, before.release)


def slices(written: Mapping[Bucket, int], rows: int) -> Iterable[list[Bucket]]:
    """Group buckets so that a group has about so many rows: what is sorted at once must fit in memory."""
    group: list[Bucket] = []
    size = 0
    for bucket in sorted(written):
        group.append(bucket)
        size += written[bucket]
        if size >= rows:
            yield group
            group, size = [], 0
    if group:
        yield group


def _sizes(con: duckdb.DuckDBPyConnection, golden: str) -> dict[str, dict[int, int]]:
    """Count the rows by party type and id prefix."""
    counted = con.execute(
        f"select party_type, {prefix_of()}, count(*) from {quote_name(golden)} group by all order by all"
    ).fetchall()
    found: dict[str, dict[int, int]] = {}
    for party_type, prefix, count in counted:
        if party_type is None:
            raise InvariantError(
                "Some golden records have no party type; nothing was exported.",
                remedy="Run `partyhub build --full`; if it repeats, report it.",
            )
        found.setdefault(party_type, {})[prefix] = count
    return found


def _count_buckets(rows: int, rows_per_file: int, before: Manifest | None, party_type: str) -> int:
    """Return a power of two of buckets; the number before stays while files are neither twice nor a quarter as large.

    Another number writes every file of the type anew, so it must not go back and forth at a border.
    """
    held = 0 if before is None else before.buckets.get(party_type, 0)
    if (
        held
        and (rows <= 2 * rows_per_file * held or held == PREFIXES)
        and (4 * rows >= rows_per_file * held or held == 1)
    ):
        return held
    wanted = 1
    while wanted < PREFIXES and wanted * rows_per_file < rows:
        wanted *= 2
    return wanted
