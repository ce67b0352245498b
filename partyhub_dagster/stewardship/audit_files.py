"""An audit's way to people and back: what was drawn stays with the hub, questions and answers are a CSV file."""

import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from partyhub_dagster.answers.audit_draw import Audit, Drawn
from partyhub_dagster.answers.surroundings import told_records
from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import DecisionError, NotFoundError
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster.lake.session import Session
from partyhub_dagster.stewardship.review_files import SIDES
from partyhub_dagster.stewardship.sheets import LABEL_WORDS, read_sheet, refuse_mistakes, write_sheet

_FIXED = ("audit", "pair", "answer", "left", "right")
Labels = dict[str, bool | None]
"""Pair id -> one party, two parties, or unsure."""


def keep_audit(place: LakePlace, audit: Audit) -> str:
    """Keep what was drawn, with ids and counts alone, in the hub's folder; return the audit's name."""
    name = f"{audit.release}-{audit.seed}-{len(audit.pairs)}"
    folder = place.home / "audits"
    folder.mkdir(mode=0o700, exist_ok=True)
    sizes = [[kind, band, size] for (kind, band), size in audit.sizes.items()]
    parts = [
        [source, kind, band, size]
        for source, held in audit.by_source.items()
        for (kind, band), size in held.items()
    ]
    pairs = [[p.pair_id, p.kind, p.band, str(p.one), str(p.other), list(p.sources)] for p in audit.pairs]
    kept = {"release": audit.release, "seed": audit.seed, "sizes": sizes, "parts": parts, "pairs": pairs}
    file = folder / f"{name}.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(kept), encoding="utf-8")
    return name


def find_audit(place: LakePlace, name: str) -> Audit:
    """Return what was drawn under this name.

    Raises:
        NotFoundError: this hub has drawn no such audit.
    """
    file = place.home / "audits" / f"{Path(name).name}.json"
    if not file.is_file():
        raise NotFoundError(
            "This hub has drawn no audit of that name.",
            remedy="Answer in a file that `partyhub audit-sample --out FILE` of this hub wrote.",
        )
    kept = json.loads(file.read_text(encoding="utf-8"))
    parts: dict[str, dict[tuple[str, int], float]] = {}
    for source, kind, band, size in kept["parts"]:
        parts.setdefault(source, {})[kind, band] = size
    return Audit(
        kept["release"],
        kept["seed"],
        {(kind, band): size for kind, band, size in kept["sizes"]},
        parts,
        tuple(
            Drawn(pair, kind, band, uuid.UUID(one), uuid.UUID(other), tuple(sources))
            for pair, kind, band, one, other, sources in kept["pairs"]
        ),
    )


def told_pairs(place: LakePlace, config: HubConfig, audit: Audit) -> list[dict[str, Any]]:
    """Return the pairs in their order with both records, and nothing of what the hub makes of them."""
    records = list(dict.fromkeys(record for pair in audit.pairs for record in (pair.one, pair.other)))
    with read_release(place, audit.release) as (con, _):
        session = Session(place, con, run_id="audit-sample")
        told = {uuid.UUID(r["record_id"]): r for r in told_records(session, config, records)}
    return [
        {"pair": pair.pair_id, "left": [told[pair.one]], "right": [told[pair.other]]} for pair in audit.pairs
    ]


def write_pairs(config: HubConfig, name: str, pairs: Sequence[dict[str, Any]], out: Path) -> None:
    """Write the pairs side by side into a new CSV file closed to other users; no score is in it.

    Raises:
        OutputError: the file is there already or cannot be written.
    """
    rows = []
    for pair in pairs:
        (left,), (right,) = pair["left"], pair["right"]
        values = [
            " | ".join(record["values"].get(a, [])) for a in config.attributes for record in (left, right)
        ]
        rows.append([name, pair["pair"], "", left["key"], right["key"], *values])
    write_sheet(out, [*_FIXED, *(f"{a} ({side})" for a in config.attributes for side in SIDES)], rows)


def read_labels(file: Path) -> tuple[str, Labels]:
    """Read the audit's name and the answers that are given.

    Raises:
        DecisionError: the file cannot be read, is of several audits, or rows are wrong; all are told, by line.
    """
    remedy, nothing = "Answer in a file that `partyhub audit-sample --out FILE` wrote.", "nothing was counted"
    _, rows = read_sheet(file, ("audit", "pair", "answer"), remedy, nothing=nothing)
    names = {row["audit"] for _, row in rows}
    if len(names) != 1:
        raise DecisionError(f"{file.name} is of {len(names)} audits; {nothing}.", remedy=remedy)
    labels: Labels = {}
    mistakes = []
    for line, row in rows:
        word = row["answer"].lower()
        if word and word not in LABEL_WORDS:
            mistakes.append(f"line {line}: answer is none of y, n, u")
        elif word:
            labels[row["pair"]] = LABEL_WORDS[word]
    refuse_mistakes(file, mistakes, "Write y, n, u or nothing.", nothing="Nothing was counted")
    return names.pop(), labels


def keep_labels(place: LakePlace, name: str, labels: Labels) -> None:
    """Keep the answers that were given on the terminal, so that the audit can be gone on with."""
    file = place.home / "audits" / f"{name}.answers.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(labels), encoding="utf-8")


def kept_labels(place: LakePlace, name: str) -> Labels:
    """Return the answers that were given on the terminal so far."""
    file = place.home / "audits" / f"{name}.answers.json"
    found: Labels = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found
