"""Messages that nobody can use, one of each way in which real ones go wrong."""

import json
from collections.abc import Callable
from typing import Any, Final

from partyhub_dagster.sources.generator.arrays import Rng
from partyhub_dagster.streaming.events import SCHEMA_VERSION
from partyhub_dagster.streaming.sending import Outgoing

_OVERSIZE_SHARE: Final = 0.01  # a thousand of a megabyte each would measure the network


def poison_messages(rng: Rng, messages: int, largest: int, mark: str) -> list[Outgoing]:
    """Return that many messages, none of which is an event: each way in turn, oversize ones rarely.

    `largest`: bytes that a message may have before it is poison. Ids end in `mark`, so that no two are equal.
    """
    ways = list(POISON.values())
    oversize = rng.random(messages) < _OVERSIZE_SHARE
    if messages > len(ways):
        oversize[len(ways)] = True  # from seven on there is one for certain
    result = []
    for number in range(messages):
        event = _event(f"{mark}-{number}")
        key = f"{event['source']}:{event['source_record_id']}".encode()
        if oversize[number]:
            event["payload"]["NOTE"] = "x" * largest
            result.append(Outgoing(key, written(event)))
        else:
            result.append(ways[number % len(ways)](key, event))
    return result


def _event(name: str) -> dict[str, Any]:
    return {
        "event_id": f"poison-{name}",
        "op": "upsert",
        "source": "crm",
        "source_record_id": f"X{name}",
        "event_time": "2025-01-06T00:00:00Z",
        "schema_version": SCHEMA_VERSION,
        "payload": {"CUST_ID": f"X{name}", "REV_NO": "1", "LAST_NM": "Poison", "OP": "I"},
    }


def written(event: dict[str, Any]) -> bytes:
    """Return an event as it is sent."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def _broken_json(key: bytes, event: dict[str, Any]) -> Outgoing:
    return Outgoing(key, written(event)[:-20])


def _not_text(key: bytes, event: dict[str, Any]) -> Outgoing:
    return Outgoing(key, written(event).replace(b"Poison", b"Poi\xffson"))


def _schema_violation(key: bytes, event: dict[str, Any]) -> Outgoing:
    return Outgoing(key, written({**event, "op": "merge", "payload": "none"}))


def _unknown_source(key: bytes, event: dict[str, Any]) -> Outgoing:
    return Outgoing(key.replace(b"crm", b"legacy"), written({**event, "source": "legacy"}))


def _missing_key(_: bytes, event: dict[str, Any]) -> Outgoing:
    del event["source_record_id"], event["payload"]["CUST_ID"]
    return Outgoing(None, written(event))


def _no_value(key: bytes, _: dict[str, Any]) -> Outgoing:
    return Outgoing(key, None)


POISON: Final[dict[str, Callable[[bytes, dict[str, Any]], Outgoing]]] = {
    "broken_json": _broken_json,
    "not_text": _not_text,
    "schema_violation": _schema_violation,
    "unknown_source": _unknown_source,
    "missing_key": _missing_key,
    "no_value": _no_value,
}
"""The ways that take no room."""
