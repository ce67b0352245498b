"""Pairs that people have judged, for a model to learn from: files of answers, and the decisions that stand."""

from pathlib import Path

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import DecisionError
from partyhub_dagster.identity.decisions import DecisionKind
from partyhub_dagster.lake.session import Session
from partyhub_dagster.matching.learn import Label
from partyhub_dagster.stewardship.ledger import id_of_key, read_ledger, standing_ids
from partyhub_dagster.stewardship.references import key_meant
from partyhub_dagster.stewardship.sheets import LABEL_WORDS, read_sheet, refuse_mistakes

_REMEDY = (
    "Write the columns left, right (SOURCE:RECORD) and answer (y, n, u or nothing);"
    " `partyhub label-sample --out FILE` writes such a file."
)


def read_label_file(config: HubConfig, file: Path) -> list[Label]:
    """Read the rows of a CSV file (left, right, answer) that are answered with yes or no; other columns are ignored.

    Raises:
        DecisionError: the file cannot be read, or rows are wrong; all are told, by line and without values.
    """
    _, rows = read_sheet(file, ("left", "right", "answer"), _REMEDY, nothing="no model was made")
    labels: list[Label] = []
    mistakes = []
    for line, row in rows:
        word = row["answer"].lower()
        if not word:
            continue
        if word not in LABEL_WORDS:
            mistakes.append(f"line {line}: answer is none of y, n, u")
            continue
        try:
            one, other = (id_of_key(key_meant(config, row[side])) for side in ("left", "right"))
        except DecisionError:
            mistakes.append(f"line {line}: left or right is no SOURCE:RECORD of this hub")
            continue
        if (same := LABEL_WORDS[word]) is not None:
            labels.append((one, other, same))
    refuse_mistakes(file, mistakes, _REMEDY, nothing="No model was made")
    return labels


def labels_of_decisions(session: Session) -> list[Label]:
    """Return what the standing SAME and NOT_SAME decisions say of pairs, oldest first."""
    lines = read_ledger(session.con)
    standing = standing_ids(lines)
    return [
        (id_of_key(entry.left), id_of_key(entry.right), entry.verdict is DecisionKind.SAME)
        for entry in (line.entry for line in lines)
        if entry.decision_id in standing
        and entry.verdict in (DecisionKind.SAME, DecisionKind.NOT_SAME)
        and entry.left is not None
        and entry.right is not None
    ]
