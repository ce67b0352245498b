"""An audit's way to people and back: what was drawn stays with the hub, questions and answers are a CSV file."""

import csv
import io
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
from partyhub_dagster.stewardship.exchange import guarded
from partyhub_dagster.stewardship.review_files import write_private

_FIXED = ("audit", "pair", "answer", "left", "right")
_WORDS = {"y": True, "yes": True, "n": False, "no": False, "u": None, "unsure": None}
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
        DecisionError: the file is there already or cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_FIXED, *(f"{a} ({side})" for a in config.attributes for side in ("left", "right"))])
    for pair in pairs:
        (left,), (right,) = pair["left"], pair["right"]
        values = [
            " | ".join(record["values"].get(a, [])) for a in config.attributes for record in (left, right)
        ]
        writer.writerow([guarded(c) for c in (name, pair["pair"], "", left["key"], right["key"], *values)])
    write_private(out, text.getvalue())


def read_labels(file: Path) -> tuple[str, Labels]:
    """Read the audit's name and the answers that are given.

    Raises:
        DecisionError: the file cannot be read, is of several audits, or rows are wrong; all are told, by line.
    """
    try:
        reader = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""), restkey="")
        rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DecisionError(
            f"{file.name} could not be read as CSV in UTF-8 ({type(error).__name__}); nothing was counted.",
            remedy="Name a CSV file with a header, saved as UTF-8.",
        ) from None
    names = {(row.get("audit") or "").strip() for _, row in rows}
    if not {"audit", "pair", "answer"} <= {*(reader.fieldnames or [])} or len(names) != 1:
        raise DecisionError(
            f"{file.name} lacks the column audit, pair or answer, or is of {len(names)} audits; nothing was counted.",
            remedy="Answer in a file that `partyhub audit-sample --out FILE` wrote.",
        )
    labels: Labels = {}
    wrong = []
    for line, row in rows:
        word = (row.get("answer") or "").strip().lower()
        if word and word not in _WORDS:
            wrong.append(str(line))
        elif word:
            labels[(row.get("pair") or "").strip()] = _WORDS[word]
    if wrong:
        raise DecisionError(
            f"{file.name} has answers that are none of y, n, u (lines {', '.join(wrong[:20])}); nothing was counted.",
            remedy="Write y, n, u or nothing.",
        )
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
