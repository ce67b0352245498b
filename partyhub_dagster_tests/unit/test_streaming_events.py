"""The published schema of events is what the hub judges messages by."""

import json
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partyhub_dagster.streaming import events
from partyhub_dagster.streaming.events import EVENT_SCHEMA, schema_text, understand_messages
from partyhub_dagster_tests.events import LEFT_OUT, event, message, table_of

PAGE = Path(__file__).parents[2] / "docs" / "event.schema.json"
VALUES: dict[str, list[Any]] = {
    "event_id": ["e", "", "  ", "x" * 200, "x" * 201, 7, None],
    "op": ["upsert", "delete", "UPSERT", None, 1],
    "source_record_id": ["1", "", " ", "é|\\", 5, None],
    "event_time": [
        "2026-03-01T09:30:00Z", "2026-03-01 09:30", "2026-03-01T09:30:00.123456+02:00", "2026-03-01", "now", 1, None,
    ],
    "version": [1, 0, -5, 2**63, 2**64, "7", "", None, 1.5, True, [1]],
    "schema_version": [1, 2, "1", None, True],
    "payload": [{"ID": "1"}, {}, None, "x", [1]],
    "unknown": [{"a": None}],
}  # fmt: skip
EVENTS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from([*values, LEFT_OUT]) for name, values in VALUES.items()}
).map(lambda fields: event("1", **{"payload": {}, **fields}))


def accepted(said: list[dict[str, Any]]) -> list[bool]:
    """Tell which events the hub finds no reason against."""
    keyed = [(f"crm:{one.get('source_record_id')}", message(one)[1]) for one in said]
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        con.register("read", table_of(keyed))
        con.execute(
            "create temp table messages as select *, null::varchar as decoded, null::varchar as undecoded from read"
        )
        understand_messages(con, ["crm"], ["crm"], max_bytes=10_000)
        return [
            row[0] for row in con.execute("select len(reasons) = 0 from events order by position").fetchall()
        ]


def check_agreement(said: list[dict[str, Any]]) -> None:
    validator = jsonschema.Draft202012Validator(EVENT_SCHEMA)
    valid = [validator.is_valid(one) for one in said]
    wrong = [
        json.dumps(one)
        for one, ours, theirs in zip(said, accepted(said), valid, strict=True)
        if ours != theirs
    ]
    assert wrong == []


@settings(max_examples=max(10, settings().max_examples // 3))
@given(said=st.lists(EVENTS, min_size=1, max_size=20))
def test_the_hub_accepts_what_the_published_schema_accepts(said: list[dict[str, Any]]) -> None:
    check_agreement(said)


def test_the_comparison_finds_a_forgotten_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = events._reasons
    monkeypatch.setattr(events, "_reasons", lambda *a, **k: [r for r in reasons(*a, **k) if "op is" not in r])
    with pytest.raises(AssertionError):
        check_agreement([event("1", op="merge")])


def test_the_published_schema_is_the_one_in_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == schema_text(), "run `make docs`"


def test_the_example_on_the_page_is_a_valid_event() -> None:
    page = (PAGE.parent / "events.md").read_text(encoding="utf-8")
    example = json.loads(page.split("```json\n")[1].split("```")[0])
    jsonschema.validate(example, EVENT_SCHEMA)
    assert set(example) == set(EVENT_SCHEMA["properties"])
    assert accepted([{**example}]) == [True]
