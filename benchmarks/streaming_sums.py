"""What was sent beside what the hub, the dead letter topic and the confirmations say: each message exactly once."""

import json
from collections import Counter
from typing import Any

from streaming_hub import StreamingHub, partyhub

_LARGEST = 1_000_000
_COUNTS = """
select
    count(*) as messages,
    count(distinct (partition, message_offset)) as places,
    count(*) filter (outcome = 'stored') as stored,
    count(*) filter (outcome = 'unchanged') as unchanged,
    count(*) filter (outcome = 'quarantined') as quarantined
from stream_messages where topic = $topic
"""
_AUDIT = """
select coalesce(sum(rows_in), 0)::bigint as rows_in, coalesce(sum(rows_stored), 0)::bigint as stored,
    coalesce(sum(rows_unchanged + rows_quarantined), 0)::bigint as "unchanged or quarantined",
    coalesce(sum(rows_quarantined), 0)::bigint as quarantined,
    coalesce(sum(rows_late), 0)::bigint as "late, in an older batch than the newer version"
from load_audit where load_id in (select load_id from stream_messages where topic = $topic)
"""


def find_differences(
    hub: StreamingHub, sent: dict[str, Any], records: int, sequences: list[int]
) -> list[str]:
    """Return what does not add up; print every figure that is compared."""
    kinds = Counter(sent["kinds"])
    accepted = kinds.total() - kinds["poison"] - kinds["duplicates"]
    poison, duplicates = kinds["poison"], kinds["duplicates"]
    expected = {
        "messages": sent["acknowledged"], "places": sent["acknowledged"], "stored": accepted,
        "unchanged": duplicates, "quarantined": poison,
    }  # fmt: skip
    differences = _compare("stream_messages", expected, _row(hub, _COUNTS))
    audit = _row(hub, _AUDIT)
    known = {
        "rows_in": sent["acknowledged"],
        "stored": accepted,
        "unchanged or quarantined": duplicates + poison,
    }
    differences += _compare(
        "load_audit", known, audit
    )  # a rejected message that is there already is unchanged
    differences += _compare("read by partition", _by_partition(sent), _read(hub))
    status = partyhub("status", "--json")
    differences += _compare("live records", {"records": records + _live(hub)}, {"records": status["records"]})
    differences += _dead_letters(hub, kinds["poison"])
    differences += _confirmations(sequences, status["lineage_seq"])
    verified = partyhub("verify", "--json")
    differences += _compare("verify", {"equal": True}, {"equal": verified["equal"]})
    return differences


def _compare(what: str, expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    print(f"{what}: {json.dumps(found)}")
    held = {name: found.get(name) for name in expected}
    return [] if held == expected else [f"{what}: expected {json.dumps(expected)}"]


def _row(hub: StreamingHub, query: str) -> dict[str, Any]:
    with hub.place.connect(read_only=True) as con:
        answer = con.execute(query, {"topic": hub.topic})
        names = [column[0] for column in answer.description]
        return dict(zip(names, answer.fetchall()[0], strict=True))


def _by_partition(sent: dict[str, Any]) -> dict[str, int]:
    return {str(partition): count for partition, count in sent["partitions"].items()}


def _read(hub: StreamingHub) -> dict[str, int]:
    with hub.place.connect(read_only=True) as con:
        rows = con.execute(
            "select partition, next_offset from stream_offsets where topic = $topic order by 1",
            {"topic": hub.topic},
        ).fetchall()
    return {str(partition): offset for partition, offset in rows if offset}


def _live(hub: StreamingHub) -> int:
    """Count the live records of events by what the topic itself holds: the newest version of each is no deletion."""
    newest: dict[tuple[str, str], tuple[Any, str]] = {}
    for message in hub.messages(hub.topic):
        try:
            event = json.loads(message.value())
            version = _version(event["source"], event["payload"])
            key, op = (event["source"], event["source_record_id"]), event["op"]
        except (ValueError, KeyError, TypeError):
            continue
        if (
            op in ("upsert", "delete")
            and len(message.value()) < 1_000_000
            and (key not in newest or newest[key][0] <= version)
        ):
            newest[key] = version, op
    return sum(op == "upsert" for _, op in newest.values())


def _version(source: str, row: dict[str, Any]) -> Any:
    column = {"crm": "REV_NO", "dnb": "lastUpdateTimestamp", "markit": "VERSION_NO"}[source]
    return row[column] if source == "dnb" else int(row[column])


def _dead_letters(hub: StreamingHub, poison: int) -> list[str]:
    found = hub.messages(hub.dead)
    places = {tuple(sorted((name, value) for name, value in message.headers() or [])) for message in found}
    waiting = _row(hub, "select count(*) as waiting from dead_letters where topic = $topic")
    held = {"distinct": len(places), "messages": len(found), **waiting}
    return _compare("dead letters", {"distinct": poison, "waiting": 0}, held)


def _confirmations(sequences: list[int], lineage_seq: int) -> list[str]:
    missing = set(range(1, lineage_seq + 1)) - set(sequences)
    held = {"distinct": len(set(sequences)), "messages": len(sequences), "missing": len(missing)}
    return _compare("confirmations", {"distinct": lineage_seq, "missing": 0}, held)
