"""Pairs of bare names, labelled: how often the hub's comparison is right, how fast, and a peer in the same run.

    make accuracy ARGS="--sets name_pairs"

The label is on a pair, so halves are of pairs. The hub's threshold is fixed; the peer is shown at its documented one
and at the best of ten on the half `choose`.
"""

import json
import random
import time
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.accuracy.hubs import call
from benchmarks.accuracy.page import HUB, put_into_page
from benchmarks.accuracy.peers import find_uv
from benchmarks.accuracy.readings import FIGURES, count_reading, keep_figures, load
from benchmarks.accuracy.sets import DATA, half_of
from partyhub_dagster.answers.name_agreement import name_agreements
from partyhub_dagster.matching.bare_names import AGREEING
from partyhub_dagster.matching.model import Kind

NAME = "name_pairs"
PEER = "nomenklatura logic-v2"
DOCUMENTED = 0.7
TIMED_PAIRS = 50_000
_VOWELS = frozenset("aeiouyAEIOUY")


@dataclass(frozen=True)
class NamePair:
    """A labelled pair."""

    schema: str
    one: str
    other: str
    is_match: bool
    half: str

    @property
    def kind(self) -> Kind:
        """How the hub would read the two; what may be either, and ships, are read as organizations."""
        return "person" if self.schema == "Person" else "organization"


def read_pairs() -> list[NamePair]:
    """Read the set in the order of its file."""
    half = half_of("name1 || '|' || name2")
    rows = duckdb.execute(
        f"select schema, name1, name2, is_match = 'true', {half}"
        f" from read_csv('{DATA / NAME / 'pairs.csv'}', all_varchar = true)"
    ).fetchall()
    return [NamePair(*row) for row in rows]


def measure(work: Path, *, peers: bool, why_report: str | None) -> None:
    """Measure the hub, and the peer if asked for; keep the figures and write them into the page."""
    if why_report:
        count_reading(NAME, why_report)
    halves = ["choose", "report"] if why_report else ["choose"]
    pairs = [pair for pair in read_pairs() if pair.half in halves]
    told_by_hub = name_agreements((pair.one, pair.other, pair.kind) for pair in pairs)
    hub_scores = [found.bits for found in told_by_hub]
    _keep(HUB, _judged(pairs, hub_scores, AGREEING, halves) | _hub_speed(read_pairs()))
    if peers:
        told = _peer_scores(pairs, work)
        best = max(
            (step / 20 for step in range(10, 20)),
            key=lambda threshold: _judged(pairs, told["scores"], threshold, ["choose"])["choose"]["all"][
                "f1"
            ],
        )
        timed = {"ms_a_pair": told["ms"], "timed_pairs": len(pairs), "version": told["version"]}
        _keep(PEER, _judged(pairs, told["scores"], DOCUMENTED, halves) | timed)
        _keep(f"{PEER}, best threshold", _judged(pairs, told["scores"], best, halves) | timed)
    write_table()


def _keep(tool: str, found: dict[str, Any]) -> None:
    print(json.dumps({"set": NAME, "tool": tool, **found}), flush=True)
    keep_figures(NAME, tool, found)


def _judged(
    pairs: list[NamePair], scores: list[float], threshold: float, halves: Iterable[str]
) -> dict[str, Any]:
    """Return the figures of each half, of all and by schema."""
    found: dict[str, Any] = {"threshold": threshold}
    for half in halves:
        scored = [
            (pair, score >= threshold) for pair, score in zip(pairs, scores, strict=True) if pair.half == half
        ]
        schemas = sorted({pair.schema for pair, _ in scored})
        found[half] = {"all": _scores([(pair.is_match, said) for pair, said in scored])} | {
            schema: _scores([(pair.is_match, said) for pair, said in scored if pair.schema == schema])
            for schema in schemas
        }
    return found


def _scores(told: list[tuple[bool, bool]]) -> dict[str, Any]:
    right = sum(true and said for true, said in told)
    true, said = sum(true for true, _ in told), sum(said for _, said in told)
    return {
        "pairs": len(told),
        "true": true,
        "precision": round(right / said, 4) if said else None,
        "recall": round(right / true, 4) if true else None,
        "f1": round(2 * right / (true + said), 4) if true + said else None,
    }


def _hub_speed(pairs: list[NamePair]) -> dict[str, Any]:
    """Time reading and comparing: of names whose words come for the first time, and of the set many times over.

    The first are the set in other letters; the second is how the peer is timed, after a pass that loads its indexes.
    """
    letters = _letters_of("".join(pair.one + pair.other for pair in pairs))
    copies = -(-TIMED_PAIRS // len(pairs))
    given = [(pair.one, pair.other, pair.kind) for pair in pairs] * copies
    renamed = [
        (in_other_letters(pair.one, copy, letters), in_other_letters(pair.other, copy, letters), pair.kind)
        for copy in range(copies)
        for pair in pairs
    ]
    return {"ms_new_names": _ms_a_pair(renamed), "ms_a_pair": _ms_a_pair(given), "timed_pairs": len(renamed)}


def _ms_a_pair(pairs: list[tuple[str, str, Kind]]) -> float:
    began = time.process_time()
    name_agreements(pairs)
    return round(1000 * (time.process_time() - began) / len(pairs), 3)


def _letters_of(text: str) -> tuple[str, ...]:
    """Return the letters by script, case and vowel: within a group one may stand for another."""
    groups: dict[tuple[str, str, bool], set[str]] = {}
    for letter in text:
        if letter.isalpha():
            script = unicodedata.name(letter, "").split(" ")[0]
            is_plain = letter.isascii()
            place = (script if is_plain or script != "LATIN" else "marked", unicodedata.category(letter))
            groups.setdefault((*place, letter in _VOWELS), set()).add(letter)
    return tuple("".join(sorted(group)) for group in groups.values())


def in_other_letters(text: str, copy: int, letters: tuple[str, ...]) -> str:
    """Return the text with the letters of its words of five or more exchanged, as no other copy does.

    Short words stay: most legal forms and particles, so that copies take the same ways through the code.
    """
    table = _exchange(copy, letters)
    return " ".join(word.translate(table) if len(word) >= 5 else word for word in text.split(" "))


@cache
def _exchange(copy: int, letters: tuple[str, ...]) -> dict[int, int]:
    chance, table = random.Random(copy), {}  # noqa: S311 - no secret
    for group in letters:
        table.update(zip(map(ord, group), map(ord, chance.sample(group, len(group))), strict=True))
    return table


def _peer_scores(pairs: list[NamePair], work: Path) -> dict[str, Any]:
    listed = work / "name_pairs.json"
    listed.write_text(json.dumps([[pair.schema, pair.one, pair.other] for pair in pairs]), encoding="utf-8")
    script = Path(__file__).with_name("name_pairs_peer.py")
    told, _, _ = call(find_uv(), "run", "--no-project", "--quiet", "--script", script, listed)
    return told


def write_table() -> None:
    """Put the table into the page, between its own marks."""
    lines = [
        "| tool | half | pairs | precision | recall | F1 | threshold | ms a pair | all words new | pairs timed |",
        "|---|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for tool, held in sorted(load(FIGURES).get(NAME, {}).items(), key=lambda item: (item[0] != HUB, item[0])):
        for half in (half for half in ("choose", "report") if half in held):
            lines.extend(_row(tool, half, group, of, held) for group, of in held[half].items())
    put_into_page("name pairs", "\n".join(lines) + "\n")


def _row(tool: str, half: str, group: str, of: dict[str, Any], held: dict[str, Any]) -> str:
    shares = ["" if of[name] is None else f"{of[name]:.3f}" for name in ("precision", "recall", "f1")]
    told = ["", "", "", ""]
    if group == "all":
        told = [held["threshold"], held["ms_a_pair"], held.get("ms_new_names", ""), held["timed_pairs"]]
    cells = [tool, half, f"{group} ({of['true']} of {of['pairs']} true)", *shares, *told]
    return f"| {' | '.join(str(cell) for cell in cells)} |"
