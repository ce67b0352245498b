"""Naming a moment: a release by its number, or by the time at which readers saw it."""

from datetime import UTC, date, datetime, time, timedelta

import duckdb

from partyhub_dagster.errors import NotFoundError
from partyhub_dagster.lake.releases import Release, newest_release
from partyhub_dagster.lake.rollbacks import shown_release


def release_at(con: duckdb.DuckDBPyConnection, moment: str) -> Release:
    """Return the release of a number, or the one that readers saw at a time; a day means its end, all in UTC.

    Raises:
        NotFoundError: it is neither a number nor a time, or there was no release.
    """
    word = moment.strip()
    if word.isdecimal():
        release = newest_release(con, int(word))
        if release is None:
            raise NotFoundError(
                f"There is no release {int(word)}.",
                remedy="`partyhub status` names the release that readers see; lower numbers are earlier ones.",
            )
        return release
    at = parse_moment(word)
    release = shown_release(con, at)
    if release is None:
        raise NotFoundError(
            f"The hub had no release at {at.isoformat(timespec='seconds')}.",
            remedy="Name a later time, or the number of a release.",
        )
    return release


def parse_moment(word: str) -> datetime:
    """Read a day (its end) or a time in ISO 8601; without a zone it is UTC.

    Raises:
        NotFoundError: it is neither.
    """
    try:
        try:
            day = date.fromisoformat(word)
        except ValueError:
            at = datetime.fromisoformat(word)
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        return datetime.combine(day + timedelta(days=1), time(), UTC) - timedelta(microseconds=1)
    except (ValueError, OverflowError):
        raise NotFoundError(
            "That is neither a release nor a time.",
            remedy="Write the number of a release, a day such as 2026-03-31, or a time such as 2026-03-31T12:00.",
        ) from None
