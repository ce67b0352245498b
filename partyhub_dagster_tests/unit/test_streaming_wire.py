"""Messages in Confluent's wire format, with a registry that speaks HTTP."""

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fastavro
import pytest

from partyhub_dagster.config import HubConfig, load_config
from partyhub_dagster.errors import BrokerError
from partyhub_dagster.streaming.wire import decode_messages
from partyhub_dagster_tests.events import Message, event, table_of

NAME = {"type": "record", "name": "Name", "fields": [{"name": "NAME", "type": "string"}]}
TIME = {"type": "long", "logicalType": "timestamp-millis"}
EVENT = {
    "type": "record", "name": "Event", "fields": [
        *({"name": name, "type": "string"} for name in ("event_id", "op", "source", "source_record_id")),
        {"name": "event_time", "type": TIME}, {"name": "version", "type": ["null", "long"]},
        {"name": "schema_version", "type": "int"}, {"name": "payload", "type": ["null", "Name"]},
    ],
}  # fmt: skip
HELD: dict[str, dict[str, Any]] = {
    "/schemas/ids/7": {
        "schema": json.dumps(EVENT), "references": [{"name": "Name", "subject": "a/name", "version": 2}],
    },
    "/subjects/a%2Fname/versions/2": {"schema": json.dumps(NAME)},
    "/schemas/ids/8": {"schema": "{}", "schemaType": "JSON"},
    "/schemas/ids/9": {"schema": "syntax = proto3", "schemaType": "PROTOBUF"},
    "/schemas/ids/10": {"schema": json.dumps(EVENT)},  # refers to a schema that it does not name
    "/schemas/ids/11": {
        "schema": json.dumps(EVENT), "references": [{"name": "Name", "subject": "gone", "version": 1}],
    },
}  # fmt: skip


class Answers(BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        found = HELD.get(self.path)
        allowed = self.headers.get("Authorization") == "Basic dXNlcjpwYXNz"
        self.send_response(401 if not allowed else 200 if found else 404)
        self.end_headers()
        self.wfile.write(json.dumps(found or {"error_code": 40403}).encode())

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def registry() -> Iterator[str]:
    Answers.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def config(folder: Path, url: str, password: str = "pass") -> HubConfig:  # noqa: S107 - of the test's own registry
    (folder / "password").write_text(password, encoding="utf-8")
    (folder / "user").write_text("user", encoding="utf-8")
    (folder / "hub.yaml").write_text(
        "sources: {crm: {key: ID, kind: person, columns: {NAME: person_name}}}\n"
        f"streaming: {{registry: {{url: '{url}', username: {{file: user}}, password: {{file: password}}}}}}\n",
        encoding="utf-8",
    )
    return load_config(folder / "hub.yaml")


def framed(number: int, body: bytes) -> Message:
    return "key", b"\0" + number.to_bytes(4, "big") + body


def avro(said: dict[str, Any]) -> bytes:
    named: dict[str, Any] = {}
    fastavro.parse_schema(NAME, named_schemas=named)
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(EVENT, named_schemas=named), said)
    return out.getvalue()


def decoded(config: HubConfig, *messages: Message) -> list[tuple[Any, Any]]:
    table = decode_messages(config, table_of(messages))
    return list(zip(table["decoded"].to_pylist(), table["undecoded"].to_pylist(), strict=True))


def test_avro_with_references_becomes_the_json_of_an_event(registry: str, tmp_path: Path) -> None:
    said = {**event("1"), "event_time": 1_772_357_400_000, "payload": {"NAME": "Anna"}}
    hub = config(tmp_path, registry)
    ((text, reason), (again, _)) = decoded(hub, framed(7, avro(said)), framed(7, avro(said)))
    assert reason is None
    assert json.loads(text) == {**said, "event_time": "2026-03-01T09:30:00+00:00"} == json.loads(again)
    assert len(Answers.asked) == 2  # schema and reference, once each


def test_json_schema_is_text_behind_the_head(registry: str, tmp_path: Path) -> None:
    assert decoded(config(tmp_path, registry), framed(8, b'{"a": 1}')) == [('{"a": 1}', None)]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (("key", b'{"a": 1}'), "message is not in the wire format of the schema registry"),
        (framed(1, b""), "message names a schema that is not in the registry"),
        (framed(9, b""), "message names a schema that is neither Avro nor JSON Schema"),
        (framed(7, b"\xff"), "message does not fit the schema that it names"),
        (framed(8, b"\xff"), "message does not fit the schema that it names"),
        (framed(10, b""), "message names a schema that cannot be used"),
        (framed(11, b""), "message names a schema that cannot be used"),
    ],
)
def test_what_the_registry_cannot_read_is_rejected(
    registry: str, tmp_path: Path, said: Message, reason: str
) -> None:
    assert decoded(config(tmp_path, registry), said) == [(None, reason)]


def test_a_registry_that_does_not_answer_rejects_nothing(registry: str, tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match=r"does not answer \(HTTP 401\)"):
        decoded(config(tmp_path, registry, "wrong"), framed(7, b""))
    with pytest.raises(BrokerError, match="does not answer"):
        decoded(config(tmp_path, "http://127.0.0.1:1"), framed(7, b""))


def test_without_a_registry_messages_are_json_as_they_are(tmp_path: Path) -> None:
    hub = config(tmp_path, "http://127.0.0.1:1")
    assert hub.streaming is not None
    plain = hub.model_copy(update={"streaming": hub.streaming.model_copy(update={"registry": None})})
    assert decoded(plain, ("key", b"{")) == [(None, None)]
