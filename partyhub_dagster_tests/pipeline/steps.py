"""Random steps: what sources deliver and people decide between two builds."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from partyhub_dagster.identity.arrays import ABSENT
from partyhub_dagster.identity.decisions import Decision, DecisionKind
from partyhub_dagster.stewardship.ledger import Entry
from partyhub_dagster_tests.pipeline.contents import Content, Families, lei_is_valid
from partyhub_dagster_tests.pipeline.deliveries import KEYS, PLACE, UNIVERSE, Key, Row

PINNED = {
    "name": ("Ann Pinned", "Stonebridge Trust", None),
    "name_given": ("Annabel", ""),
    "birth_date": ("1971-02-03", "long ago"),
    "phone": (json.dumps(["+12125550199", "+12125550198"]), "+12125550197", None),
    "address_city": ("Pintown",),
    "email": ("pinned@mail.test",),
}
_WEIGHTS = {
    "put": 9, "move": 3, "late": 2, "delete": 6, "bring_back": 4, "repeat": 1, "reject": 1, "replay_file": 1,
    "same": 2, "not_same": 3, "group": 1, "pin": 2, "revoke": 2, "revoke_group": 1,
}  # fmt: skip


@dataclass
class Ledger:
    """The decisions so far: as entries still to be written, and as the oracles read them."""

    decisions: list[Decision] = field(default_factory=list)
    entries: dict[UUID, Entry] = field(default_factory=dict)
    waiting: list[Entry] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        left, right = (ABSENT if k is None else PLACE[_key_of(k)] for k in (entry.left, entry.right))
        number = len(self.decisions) + 1
        self.decisions.append(
            Decision(entry.decision_id, number, entry.verdict, left, right, entry.revokes, entry.group_id)
        )
        self.entries[entry.decision_id] = entry
        self.waiting.append(entry)


def _key_of(text: str) -> Key:
    source, _, record = text.partition(":")
    return Key(source, record)


@dataclass
class Steps:
    """Draws steps and remembers what the sources have said so far."""

    rng: random.Random
    families: Families
    often: tuple[str, ...] = ()
    """Steps to take more often than others."""
    ledger: Ledger = field(default_factory=Ledger)
    covered: Counter[str] = field(default_factory=Counter)
    said: dict[Key, Row] = field(default_factory=dict)  # the newest row of a key; what registries hold, too
    gone: set[Key] = field(default_factory=set)
    newest: Counter[Key] = field(default_factory=Counter)  # REV, or the day of AT
    home: dict[Key, int] = field(default_factory=dict)
    sent: dict[str, list[list[Row]]] = field(default_factory=lambda: {"crm": [], "web": []})
    rows: dict[str, list[Row]] = field(default_factory=lambda: {source: [] for source in KEYS})
    again: list[tuple[str, list[Row]]] = field(default_factory=list)

    def take(self, count: int, only: str | None = None) -> None:
        """Take so many steps."""
        weights = _WEIGHTS | dict.fromkeys(self.often, 20)
        for name in self.rng.choices(list(weights), list(weights.values()), k=count):
            getattr(self, only or name)()
            self.covered["steps"] += 1

    def files(self) -> Iterator[tuple[str, list[Row]]]:
        """Yield the files that the sources deliver now, in the order in which the hub must read them."""
        for source in ("crm", "web"):
            rows, self.rows[source] = self.rows[source], []
            cut = self.rng.randint(0, len(rows))
            for part in (rows[:cut], rows[cut:]):
                if part:
                    self.sent[source].append(part)
                    yield source, part
            yield from (found for found in self.again if found[0] == source)
        self.again = []
        held = [row for key, row in self.said.items() if key.source == "reg" and key not in self.gone]
        if held and (self.rows["reg"] or self.rng.random() < 0.7):
            self.rng.shuffle(held)
            yield "reg", [*held, *self.rows["reg"]]
            self.rows["reg"] = []

    # --- what sources deliver

    def put(self) -> None:
        key = self.rng.choice(UNIVERSE)
        known = key in self.said
        family = self.home.setdefault(key, self.rng.randrange(len(self.families)))
        self._say(key, self.rng.choice(self.families[family]))
        self.covered["updates" if known else "inserts"] += 1

    def move(self) -> None:
        key = self._some(self.said)
        if key is not None:
            self.home[key] = self.rng.randrange(len(self.families))
            self._say(key, self.rng.choice(self.families[self.home[key]]))
            self.covered["moves"] += 1

    def late(self) -> None:
        """An older version, or the newest one with other content."""
        key = self._some(key for key in self.said if key.source != "reg" and key not in self.gone)
        if key is not None:
            number = self.rng.randint(max(0, self.newest[key] - 3), self.newest[key])
            content = self.rng.choice(self.families[self.home[key]])
            self.rows[key.source].append(Row(key.record, content, _order(key.source, number)))
            self.covered["late"] += 1

    def delete(self) -> None:
        key = self._some(key for key in self.said if key.source != "web" and key not in self.gone)
        if key is not None:
            self.gone.add(key)
            if key.source == "crm":
                self.newest[key] += 1
                self.rows["crm"].append(Row(key.record, Content(""), _order("crm", self.newest[key]), "D"))
            self.covered["deletes"] += 1

    def bring_back(self) -> None:
        key = self._some(self.gone)
        if key is not None:
            self._say(key, self.said[key].content)
            self.covered["returns"] += 1

    def repeat(self) -> None:
        """The same row once more, in a later file or the same one."""
        key = self._some(key for key in self.said if key not in self.gone)
        if key is not None:
            self.rows[key.source].append(self.said[key])
            self.covered["duplicates"] += 1

    def reject(self) -> None:
        source = self.rng.choice(("crm", "web", "reg"))
        content = self.rng.choice(self.families[0])
        key = self.rng.choice(("", "1"))
        row = Row("", content, _order(source, 1)) if source == "reg" else Row(key, content, "soon")
        self.rows[source].append(row)
        self.covered["rejected"] += 1

    def replay_file(self) -> None:
        source = self.rng.choice(("crm", "web"))
        if self.sent[source]:
            rows = self.rng.choice(self.sent[source])
            part = rows if self.rng.random() < 0.5 else rows[: len(rows) // 2 + 1]
            self.again.append((source, part))
            self.covered["files again"] += 1

    def _say(self, key: Key, content: Content) -> None:
        self.newest[key] += self.rng.choice((1, 1, 2))
        row = Row(key.record, content, _order(key.source, self.newest[key]))
        self.said[key] = row
        self.gone.discard(key)
        self.covered["with a valid LEI"] += lei_is_valid(content.LEI)
        if key.source != "reg":
            self.rows[key.source].append(row)

    # --- what people decide

    def same(self, group: UUID | None = None) -> None:
        self._decide(DecisionKind.SAME, group)

    def not_same(self, group: UUID | None = None) -> None:
        self._decide(DecisionKind.NOT_SAME, group)

    def group(self) -> None:
        name = self._uuid()
        for _ in range(self.rng.randint(2, 4)):
            self.rng.choice((self.same, self.not_same, self.not_same, self.pin))(name)
        self.covered["groups"] += 1

    def pin(self, group: UUID | None = None) -> None:
        key, attribute = self._key(), self.rng.choice(list(PINNED))
        value = self.rng.choice(PINNED[attribute])
        self._write(
            Entry(
                DecisionKind.PIN,
                "machine",
                "drawn",
                str(key),
                None,
                attribute,
                value,
                group,
                None,
                self._uuid(),
            )
        )

    def revoke(self) -> None:
        """Take back a decision; it may itself be a revocation."""
        if self.ledger.entries:
            self._revoke(self.rng.choice(list(self.ledger.entries)))
            self.covered["single revocations"] += 1

    def revoke_group(self) -> None:
        groups = sorted({e.group_id for e in self.ledger.entries.values() if e.group_id is not None})
        if groups:
            self._revoke(self.rng.choice(groups))
            self.covered["group revocations"] += 1

    def _revoke(self, what: UUID) -> None:
        self._write(Entry(DecisionKind.REVOKE, "machine", "drawn", revokes=what, decision_id=self._uuid()))

    def _decide(self, verdict: DecisionKind, group: UUID | None) -> None:
        one = self._key()
        alike = [key for key in self.said if key != one and self.home[key] == self.home.get(one)]
        other = self.rng.choice(alike) if alike and self.rng.random() < 0.7 else self._key()
        self._write(
            Entry(verdict, "machine", "drawn", str(one), str(other), group_id=group, decision_id=self._uuid())
        )

    def _write(self, entry: Entry) -> None:
        self.ledger.add(entry)
        self.covered[entry.verdict.value] += 1
        keys = [_key_of(key) for key in entry.keys]
        self.covered["for absent records"] += any(key not in self.said or key in self.gone for key in keys)

    def _key(self) -> Key:
        there = [key for key in UNIVERSE if key in self.said]
        return self.rng.choice(there if there and self.rng.random() < 0.7 else UNIVERSE)

    def _some(self, keys: object) -> Key | None:
        found = sorted(keys)  # type: ignore[call-overload]
        return self.rng.choice(found) if found else None

    def _uuid(self) -> UUID:
        return UUID(int=self.rng.getrandbits(128))


def _order(source: str, number: int) -> str:
    if source == "web":
        return (datetime(2024, 1, 1) + timedelta(days=11 * number)).isoformat(sep=" ")  # noqa: DTZ001 - text of a file
    return str(number) if source == "crm" else ""
