"""A first description of sources, guessed from files: what hub.yaml will say, how sure each guess is, and why."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from partyhub_dagster.config.semantics import Kind
from partyhub_dagster.discovery.countries import guess_country
from partyhub_dagster.discovery.files import Feed, read_feeds
from partyhub_dagster.discovery.keys import (
    KeyGuess,
    OrderGuess,
    guess_deleted,
    guess_key,
    guess_orders,
)
from partyhub_dagster.discovery.kinds import KindGuess, guess_kind, of_kind
from partyhub_dagster.discovery.meanings import Judged, judge
from partyhub_dagster.discovery.profile import ColumnProfile, profile_feed, read_as_of
from partyhub_dagster.discovery.targets import Target, feed_attributes
from partyhub_dagster.errors import ConfigError

SURE, LIKELY = 0.85, 0.6


@dataclass(frozen=True, slots=True)
class Answers:
    """What the author says, where the guess is not to be taken; empty: guess."""

    kind: Kind | None = None
    key: tuple[str, ...] = ()
    country: str | None = None


@dataclass(frozen=True, slots=True)
class SourceDraft:
    """One source of the first hub.yaml."""

    feed: Feed
    columns: Sequence[Judged]
    key: KeyGuess
    kind: KindGuess
    country: str | None
    country_why: str
    orders: Sequence[OrderGuess]
    deleted: dict[str, Any] | None
    targets: Sequence[Target] = field(default_factory=tuple)

    @property
    def profiles(self) -> list[ColumnProfile]:
        """The columns as they were profiled."""
        return [column.profile for column in self.columns]

    @property
    def mapped(self) -> dict[str, Any]:
        """What hub.yaml says of columns, by name."""
        return {target.column: target.written for target in self.targets if target.written is not None}


def draft_sources(
    con: duckdb.DuckDBPyConnection, paths: Sequence[Path], answers: Answers
) -> list[SourceDraft]:
    """Read the files and guess one source for each, or one for several of the same columns.

    Raises:
        SourceError: a file cannot be read, or nothing in it identifies a record.
        ConfigError: an answer names a column that is not there, or no column means anything to the hub.
    """
    return [draft_source(con, feed, profile_feed(con, feed), answers) for feed in read_feeds(con, paths)]


def draft_source(
    con: duckdb.DuckDBPyConnection, feed: Feed, profiles: Sequence[ColumnProfile], answers: Answers
) -> SourceDraft:
    """Guess everything that the author did not say."""
    country, country_why = (answers.country, "said") if answers.country else guess_country(profiles)
    columns = [judge(read_as_of(profile, country)) for profile in profiles]
    key = _said_key(feed, answers.key) or guess_key(con, feed, columns)
    orders = guess_orders(con, feed, columns, key.columns)
    deleted = guess_deleted(columns)
    kind = of_kind(answers.kind, 1.0, "said") if answers.kind else guess_kind(columns)
    used = {
        *key.columns,
        kind.column,
        *(order.written["column"] for order in orders),
        deleted and deleted["column"],
    }
    targets = feed_attributes(columns, kind, country, frozenset(name for name in used if name))
    draft = SourceDraft(feed, columns, key, kind, country, country_why, orders, deleted, targets)
    if not draft.mapped:
        raise ConfigError(
            f"{feed.paths[0].name}: no column means anything to the hub ({len(columns)} were read); nothing was"
            " written.",
            remedy="`partyhub profile FILE` shows what was read. If the file has another delimiter or no header, save"
            " it as CSV with one; else write hub.yaml by hand, as docs/configuration.md shows.",
        )
    return draft


def certainty_word(certainty: float) -> str:
    """Return how sure a guess is, in one word."""
    return "sure" if certainty >= SURE else "likely" if certainty >= LIKELY else "unsure"


def source_order(drafts: Sequence[SourceDraft]) -> list[str]:
    """Order sources by how much of what they map is filled in, best first."""

    def filled(draft: SourceDraft) -> float:
        return sum(column.profile.fill for column in draft.columns if column.name in draft.mapped)

    return [draft.feed.name for draft in sorted(drafts, key=lambda d: (-filled(d), d.feed.name))]


def _said_key(feed: Feed, key: tuple[str, ...]) -> KeyGuess | None:
    unknown = [name for name in key if name not in feed.columns]
    if unknown:
        raise ConfigError(
            f"{feed.paths[0].name} has no column {', '.join(unknown)}; nothing was written.",
            remedy=f"Name one of its columns: {', '.join(feed.columns)}.",
        )
    return KeyGuess(key, 1.0, "said") if key else None
