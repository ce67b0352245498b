"""What becomes of the answers to a review: decisions, or a note that somebody was unsure."""

import json
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from partyhub_dagster.answers.surroundings import told_records
from partyhub_dagster.config import HubConfig
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.session import Session
from partyhub_dagster.stewardship.drafting import Signature, draft_sides
from partyhub_dagster.stewardship.ledger import Entry
from partyhub_dagster.stewardship.review import ReviewItem, find_items, told_item


class Answer(StrEnum):
    """What people say about two sides."""

    YES = "y"  # one party
    NO = "n"  # two parties
    UNSURE = "u"  # cannot be told from what is there


def draft_answer(
    session: Session, config: HubConfig, item: ReviewItem, answer: Answer, signature: Signature
) -> list[Entry]:
    """Turn an answer into decisions: SAME along both sides, or NOT_SAME across with each side held together.

    A side that is a party of its own is not bound by a no: nothing was asked about it.
    """
    if answer is Answer.UNSURE:
        return []
    told = {UUID(r["record_id"]): r["key"] for r in told_records(session, config, [*item.left, *item.right])}
    left, right = ([told[record] for record in side if record in told] for side in (item.left, item.right))
    return draft_sides(left, right, signature, same=answer is Answer.YES, hold_sides=item.made)


def open_items(hub: Hub, session: Session) -> list[ReviewItem]:
    """List what `review` offers: those about which somebody was unsure come last."""
    items = find_items(hub, session)
    unsure = read_unsure(hub.place)
    return sorted(items, key=lambda item: item.item_id in unsure)  # stable: by expected value otherwise


def told_items(session: Session, config: HubConfig, items: Sequence[ReviewItem]) -> list[dict[str, object]]:
    """Return items with their records, for programs."""
    records = list(dict.fromkeys(record for item in items for record in (*item.left, *item.right)))
    names = {UUID(told["record_id"]): told for told in told_records(session, config, records)}
    return [told_item(item, names) for item in items]


def _unsure_file(place: LakePlace) -> Path:
    return place.home / "review_unsure.json"


def read_unsure(place: LakePlace) -> set[UUID]:
    """Collect the items about which somebody was unsure; ids of items hold no personal data."""
    file = _unsure_file(place)
    if not file.is_file():
        return set()
    return {UUID(item) for item in json.loads(file.read_text(encoding="utf-8"))}


def note_unsure(place: LakePlace, items: Iterable[UUID], *, forget: Iterable[UUID] = ()) -> None:
    """Remember that somebody was unsure about some items, and forget others."""
    held = (read_unsure(place) | {*items}) - {*forget}
    file = _unsure_file(place)
    beside = file.with_suffix(".new")
    beside.touch(mode=0o600)
    beside.write_text(json.dumps(sorted(map(str, held))), encoding="utf-8")
    beside.replace(file)
