"""Reading a release: one checked, consistent state, whatever is written meanwhile."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import duckdb

from partyhub_dagster.errors import NotFoundError
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.releases import Release, newest_release
from partyhub_dagster.lake.rollbacks import shown_release
from partyhub_dagster.lake.snapshots import lease, snapshot_is_kept


@contextmanager
def read_release(
    place: LakePlace, number: int | None = None
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Release]]:
    """Yield a read-only connection whose default database is the release that readers see, or a given one.

    The head is attached too, as `lake`, for what is always read at head. The release is kept while it is read.

    Raises:
        NotFoundError: there is no such release, or upkeep has let it go.
    """
    with place.connect(read_only=True) as con, ExitStack() as leases:
        release = _choose(con, number)
        leases.enter_context(lease(place, release.snapshot))
        if not snapshot_is_kept(con, release.snapshot):
            raise NotFoundError(
                f"Release {release.number} is no longer kept.",
                remedy="Read a later one; its histories still tell what it said: `partyhub show ID --as-of`.",
            )
        place.attach(con, "released", read_only=True, snapshot=release.snapshot)
        con.execute("use released")
        yield con, release


def _choose(con: duckdb.DuckDBPyConnection, number: int | None) -> Release:
    release = shown_release(con) if number is None else newest_release(con, number)
    if release is None:
        raise NotFoundError(
            "The hub has no release yet." if number is None else f"There is no release {number}.",
            remedy="Run `partyhub build`; `partyhub status` says what stands against a release.",
        )
    return release
