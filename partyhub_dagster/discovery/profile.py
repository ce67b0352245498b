"""What a column holds: fill, distinct values, placeholders, what its values are valid as, and their shapes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb

from partyhub_dagster.discovery.files import Feed
from partyhub_dagster.discovery.fits import FITS, phone_share, share_of
from partyhub_dagster.discovery.shapes import mask
from partyhub_dagster.normalize.placeholders import is_placeholder, is_placeholder_number
from partyhub_dagster.normalize.text import tidy

SAMPLE = 400
_SHAPES = 3
_COMMONEST = 50
_SHOWN_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column of a feed."""

    name: str
    number: int
    rows: int
    filled: int
    distinct: int
    placeholders: int
    """Rows that hold a placeholder, among the commonest values and the sample."""
    valid: dict[str, float]
    """Share of sampled values that fit a meaning, by meaning; meanings that none fits are left out."""
    shapes: tuple[str, ...]
    """The commonest shapes of the sample."""
    sample: tuple[str, ...]
    """Distinct values, up to SAMPLE, without placeholders; never to be shown."""
    common: tuple[str, ...]
    """The commonest values, most frequent first; never to be shown."""

    @property
    def fill(self) -> float:
        """Share of rows with a value."""
        return self.filled / self.rows if self.rows else 0.0

    @property
    def is_unique(self) -> bool:
        """Whether every row has a value, each its own."""
        return self.filled == self.rows == self.distinct

    @property
    def repetition(self) -> float:
        """Rows per distinct value."""
        return self.filled / self.distinct if self.distinct else 0.0

    def valid_as(self, meaning: str) -> float:
        """Return the share of sampled values that fit the meaning."""
        return self.valid.get(meaning, 0.0)


def profile_feed(con: duckdb.DuckDBPyConnection, feed: Feed) -> list[ColumnProfile]:
    """Profile every column of a feed; of phones only those that name their country count as valid yet."""
    return [_profile(con, feed, number, name) for number, name in enumerate(feed.columns)]


def _profile(con: duckdb.DuckDBPyConnection, feed: Feed, number: int, name: str) -> ColumnProfile:
    column = f"c{number}"
    filled, distinct = con.execute(
        f"select count({column}), count(distinct {column}) from {feed.table}"
    ).fetchone() or (0, 0)
    counted = con.execute(
        f"""
        with counted as (
            select {column} as value, count(*) as n from {feed.table} where {column} is not null group by 1
        )
        (select value, n, true as is_common from counted order by n desc, value limit {_COMMONEST})
        union all
        (select value, n, false from counted order by hash(value), value limit {SAMPLE})
        """
    ).fetchall()
    counts = {value: n for value, n, _ in counted}
    nothing = {value for value in counts if _stands_for_nothing(value)}
    sample = tuple(value for value, _, is_common in counted if not is_common and value not in nothing)
    shapes = Counter(map(mask, sample)).most_common(_SHAPES)
    common = sorted((row for row in counted if row[2] and row[0] not in nothing), key=lambda row: -row[1])
    return ColumnProfile(
        name=name,
        number=number,
        rows=feed.rows,
        filled=filled,
        distinct=distinct,
        placeholders=sum(counts[value] for value in nothing),
        valid=_valid_shares(sample),
        shapes=tuple(shape for shape, _ in shapes),
        sample=sample,
        common=tuple(value for value, _, _ in common),
    )


def read_as_of(profile: ColumnProfile, country: str | None) -> ColumnProfile:
    """Return the profile with phones read as of a country."""
    if country is None:
        return profile
    share = round(phone_share(profile.sample, country), 4)
    rest = {meaning: held for meaning, held in profile.valid.items() if meaning != "phone"}
    return replace(profile, valid=rest | ({"phone": share} if share > _SHOWN_SHARE else {}))


def _valid_shares(sample: Sequence[str]) -> dict[str, float]:
    """Return the share of values that fit each meaning, those that hardly any fits left out."""
    shares = {meaning: share_of(sample, fits) for meaning, fits in FITS.items()}
    shares["phone"] = phone_share(sample, None)
    return {meaning: round(share, 4) for meaning, share in shares.items() if share > _SHOWN_SHARE}


def _stands_for_nothing(value: str) -> bool:
    text = tidy(value)
    return is_placeholder(text) or (len(text) > 4 and text.isdigit() and is_placeholder_number(text))
