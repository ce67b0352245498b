"""What is delivered, and which records it leaves: versions, tombstones and snapshots told with dictionaries."""

import csv
import io
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from partyhub_dagster.lake.ids import record_id
from partyhub_dagster_tests.pipeline.contents import COLUMNS, Content

MAX_DELETED_SHARE = 0.6
HUB_YAML = f"""
version: 1
name: histories
sources:
  crm: &feed
    path: inbox/crm/*.csv
    key: ID
    version: {{column: REV, type: integer}}
    deleted: {{column: OP, values: [D]}}
    kind: {{column: KIND, values: {{P: person, O: organization, L: organization}}}}
    party_type: {{column: KIND, values: {{P: INDIVIDUAL, O: ORGANIZATION, L: LEGAL_ENTITY}}}}
    country: US
    columns:
      NAME: [person_name, organization_name]
      BORN: date_of_birth
      STREET: {{type: address, part: line}}
      CITY: {{type: address, part: city}}
      ZIP: {{type: address, part: postal_code}}
      PHONE: {{type: phone, split: ";"}}
      MAIL: email
      LEI: lei
  web:
    <<: *feed
    path: inbox/web/*.csv
    version: null
    deleted: null
    event_time: {{column: AT, type: timestamp}}
  reg:
    <<: *feed
    path: inbox/reg/*.csv
    version: null
    deleted: null
    feed: snapshot
    max_deleted_share: {MAX_DELETED_SHARE}
survivorship:
  sources: [reg, crm, web]
  trust: {{crm: {{score: 0.8, half_life_days: 40}}, web: {{score: 0.7, half_life_days: 30}}, reg: 0.4}}
  attributes:
    name: [pinned, most_frequent, most_complete]
    address: [pinned, source_priority, most_recent]
    phone: [pinned, validated, all]
    email: [pinned, trust, most_recent]
quality:
  max_quarantined_share: 1
  max_match_rate_change: 1
"""
"""Three feeds: changes with versions and deletions, changes with event times, full snapshots without either."""

HEADS = {"crm": ("ID", "REV", "OP"), "web": ("ID", "AT"), "reg": ("ID",)}
KEYS = {"crm": 16, "web": 12, "reg": 12}
NOTHING = Content("")


class Key(NamedTuple):
    """A source record."""

    source: str
    record: str

    def __str__(self) -> str:
        return f"{self.source}:{self.record}"

    @property
    def record_id(self) -> UUID:
        return record_id(self.source, self.record)


UNIVERSE = sorted(
    (Key(s, str(n)) for s, count in KEYS.items() for n in range(1, count + 1)), key=lambda k: k.record_id
)
PLACE = {key: place for place, key in enumerate(UNIVERSE)}
"""Records as the identity oracle counts them: numbers in the order of their ids."""


@dataclass(frozen=True)
class Row:
    """One row of a file; `order` is REV or AT, a number or text that sorts."""

    key: str
    content: Content = NOTHING
    order: str = ""
    marker: str = "U"

    def cells(self, source: str) -> tuple[str, ...]:
        head = {
            "crm": (self.key, self.order, self.marker),
            "web": (self.key, self.order),
            "reg": (self.key,),
        }[source]
        return (*head, *self.content)

    def is_rejected(self, source: str) -> bool:
        return not self.key or (source != "reg" and self.order == "soon")


@dataclass(frozen=True)
class Version:
    """An accepted version of a record."""

    cells: tuple[str, ...]
    content: Content
    order: int | str
    seq: int
    deleted: bool
    by_absence: bool = False


@dataclass
class Counts:
    """What must become of the rows of a load."""

    rows_in: int = 0
    stored: int = 0
    unchanged: int = 0
    quarantined: int = 0
    late: int = 0
    version_conflicts: int = 0
    deletions: int = 0
    deletions_refused: int = 0
    failed: int = 0


@dataclass
class Expected:
    """What must be held of the sources after the loads so far."""

    versions: dict[Key, list[Version]] = field(default_factory=dict)
    rejected: dict[str, set[tuple[str, ...]]] = field(
        default_factory=lambda: {source: set() for source in KEYS}
    )
    files: dict[str, set[str]] = field(default_factory=lambda: {source: set() for source in KEYS})
    seq: int = 0

    def current(self, key: Key) -> Version | None:
        """Return the newest version: by the source's own order, then by acceptance."""
        held = self.versions.get(key)
        return max(held, key=lambda v: (v.order, v.seq)) if held else None

    def live(self) -> dict[Key, Version]:
        """Return the current versions of records that are not deleted."""
        found = {key: self.current(key) for key in self.versions}
        return {key: version for key, version in found.items() if version is not None and not version.deleted}

    def first_seen(self, key: Key) -> int:
        """Return the place of a record's first version ever."""
        return min(version.seq for version in self.versions[key])

    def load(self, source: str, rows: list[Row]) -> Counts:
        """Take a file in."""
        text = text_of(source, rows)
        if source != "reg" and text in self.files[source]:
            return Counts()  # a replay of a feed of changes
        self.files[source].add(text)
        counts = Counts(rows_in=len(rows))
        live = [key for key in self.live() if key.source == source]
        gone = [key for key in live if key.record not in {row.key for row in rows}] if source == "reg" else []
        before = {Key(source, row.key): self.current(Key(source, row.key)) for row in rows}
        for row in rows:
            if row.is_rejected(source):
                self._reject(source, row, counts)
            else:
                self._accept(source, row, before[Key(source, row.key)], counts)
        if gone and (any(not row.key for row in rows) or len(gone) > MAX_DELETED_SHARE * len(live)):
            counts.deletions_refused = len(gone)
        else:
            counts.deletions = len(gone)
            for key in sorted(gone, key=self.first_seen):
                self._append(key, (), NOTHING, 0, deleted=True, by_absence=True)
        return counts

    def _reject(self, source: str, row: Row, counts: Counts) -> None:
        cells = row.cells(source)
        new = cells not in self.rejected[source]
        counts.quarantined += new
        counts.unchanged += not new
        self.rejected[source].add(cells)

    def _accept(self, source: str, row: Row, before: Version | None, counts: Counts) -> None:
        key, cells = Key(source, row.key), row.cells(source)
        held = self.versions.get(key, [])
        if source == "reg":
            now = self.current(key)
            known, order = now is not None and now.cells == cells and not now.by_absence, 0
        else:
            order = int(row.order) if source == "crm" else row.order
            of_order = [version.cells for version in held if version.order == order]
            known = cells in of_order
            counts.version_conflicts += bool(of_order) and not known
            counts.late += not known and before is not None and order < before.order
        counts.unchanged += known
        counts.stored += not known
        if not known:
            self._append(key, cells, row.content, order, deleted=source == "crm" and row.marker == "D")

    def _append(
        self, key: Key, cells: tuple[str, ...], content: Content, order: int | str, *,
        deleted: bool, by_absence: bool = False,
    ) -> None:  # fmt: skip
        self.seq += 1
        version = Version(cells, content, order, self.seq, deleted, by_absence)
        self.versions.setdefault(key, []).append(version)


def event_time(key: Key, version: Version) -> datetime | None:
    """Return when the source says the version came about."""
    return datetime.fromisoformat(str(version.order)) if key.source == "web" else None


def text_of(source: str, rows: list[Row]) -> str:
    """Return a file as its source writes it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*HEADS[source], *COLUMNS))
    writer.writerows(row.cells(source) for row in rows)
    return out.getvalue()
