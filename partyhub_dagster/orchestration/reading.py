"""The newest release as a DuckDB resource, for assets that teams hang behind golden_parties."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from dagster_duckdb import DuckDBResource

from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster.places import hub_from_environment


class ReleaseResource(DuckDBResource):
    """A read-only DuckDB connection whose default database is the newest release.

    Guarantees: one consistent state, whatever a run writes meanwhile; closed at the end, also after an error.
    """

    database: str = ":memory:"

    def hub(self) -> Hub:
        """Return the hub; `release_of` gives the one that the definitions were made for."""
        return hub_from_environment()

    @contextmanager
    def get_connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield the connection.

        Raises:
            NotFoundError: there is no release yet.
        """
        with read_release(self.hub().place) as (con, _):
            yield con


def release_of(hub: Hub) -> ReleaseResource:
    """Return the resource of one hub."""

    class GivenReleaseResource(ReleaseResource):
        def hub(self) -> Hub:
            return hub

    return GivenReleaseResource()
