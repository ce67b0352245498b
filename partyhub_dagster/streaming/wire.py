"""Confluent's wire format: a zero byte, the id of a schema in a registry, and what was written by it.

Only Avro and JSON Schema: what they hold becomes the same JSON text as a plain message, and is judged like it. The
registry is asked once for each id in a batch; it is one GET, for which its client would bring six packages.
"""

import base64
import io
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import BrokerError
from partyhub_dagster.sources.reading.avro import plain_value
from partyhub_dagster.streaming.kafka import read_secret, streaming_of

_HEAD = 5
_ACCEPTED = "application/vnd.schemaregistry.v1+json, application/json"
Decoded = tuple[str | None, str | None]
"""The JSON text of a message and, where there is none, the reason."""
_NOT_FRAMED: Decoded = (None, "message is not in the wire format of the schema registry")


def decode_messages(config: HubConfig, messages: pa.Table) -> pa.Table:
    """Add `decoded`, the JSON text of what a registry's serializer wrote, and `undecoded`, why there is none.

    Without a registry in hub.yaml both are null: messages are JSON as they are.

    Raises:
        BrokerError: the registry does not answer.
    """
    told = streaming_of(config).registry
    found: list[Decoded] = [(None, None)] * messages.num_rows
    if told is not None and messages.num_rows:
        at = "streaming.registry"
        login = tuple(
            read_secret(secret, config.root, f"{at}.{name}") or ""
            for name, secret in (("username", told.username), ("password", told.password))
        )
        ca_file = None if told.ca_file is None else config.root / told.ca_file
        registry = Registry(
            told.url, (login[0], login[1]), ca_file, streaming_of(config).broker_timeout_seconds
        )
        limit = streaming_of(config).max_message_bytes
        values = messages["message_value"].to_pylist()
        found = [(None, None) if v is None or len(v) > limit else registry.decode(v) for v in values]
    for place, name in enumerate(("decoded", "undecoded")):
        messages = messages.append_column(name, pa.array([said[place] for said in found], pa.string()))
    return messages


@dataclass(slots=True)
class Registry:
    """A schema registry, with the readers of the schemas that it was asked for."""

    url: str
    login: tuple[str, str] = field(repr=False)
    ca_file: Path | None
    timeout_s: float
    _readers: dict[int, Callable[[bytes], str] | str] = field(default_factory=dict)
    """By schema id: how to read what it wrote, or the reason why that cannot be read."""

    def decode(self, value: bytes) -> Decoded:
        """Return the JSON text of a message.

        Raises:
            BrokerError: the registry does not answer.
        """
        if len(value) < _HEAD or value[0] != 0:
            return _NOT_FRAMED
        number = int.from_bytes(value[1:_HEAD], "big")
        if number not in self._readers:
            self._readers[number] = self._reader(number)
        reader = self._readers[number]
        if isinstance(reader, str):
            return None, reader
        try:
            return reader(value[_HEAD:]), None
        except Exception:  # noqa: BLE001 - a broken message raises whatever its bytes lead the library to
            return None, "message does not fit the schema that it names"

    def _reader(self, number: int) -> Callable[[bytes], str] | str:
        found = self._ask(f"schemas/ids/{number}")
        if found is None:
            return "message names a schema that is not in the registry"
        match found.get("schemaType", "AVRO"):
            case "JSON":
                return lambda body: body.decode("utf-8")
            case "AVRO":
                reader = _avro_reader(self._named_schemas(found, set()))
                return reader or "message names a schema that cannot be used"
            case _:
                return "message names a schema that is neither Avro nor JSON Schema"

    def _named_schemas(self, found: dict[str, Any], seen: set[tuple[str, int]]) -> list[str]:
        """Return the schema after those that it refers to."""
        schemas: list[str] = []
        for reference in found.get("references") or []:
            key = (str(reference["subject"]), int(reference["version"]))
            if key in seen:
                continue
            seen.add(key)
            other = self._ask(f"subjects/{urllib.parse.quote(key[0], safe='')}/versions/{key[1]}")
            schemas += self._named_schemas(other or {"schema": '"null"'}, seen)
        return [*schemas, str(found["schema"])]

    def _ask(self, path: str) -> dict[str, Any] | None:
        """Return what the registry says, None where it knows nothing of it."""
        request = urllib.request.Request(f"{self.url.rstrip('/')}/{path}", headers={"Accept": _ACCEPTED})  # noqa: S310 - the URL is the operator's own
        if any(self.login):
            told = base64.b64encode(":".join(self.login).encode()).decode()
            request.add_header("Authorization", f"Basic {told}")
        context = ssl.create_default_context(cafile=self.ca_file) if self.url.startswith("https") else None
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_s, context=context) as answer:  # noqa: S310
                said: dict[str, Any] = json.load(answer)
                return said
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise self._silent(f"HTTP {error.code}") from None
        except (OSError, ValueError) as error:
            raise self._silent(type(error).__name__) from None

    def _silent(self, why: str) -> BrokerError:
        return BrokerError(
            f"The schema registry at {self.url} does not answer ({why}); nothing was read.",
            remedy="Start it, or correct `streaming.registry` in hub.yaml. What waits in Kafka is read"
            " when it is back.",
        )


def _avro_reader(schemas: list[str]) -> Callable[[bytes], str] | None:
    """Return how to read what the last of the schemas wrote; None if it is no schema, or refers to what is gone."""
    import fastavro

    named: dict[str, Any] = {}
    try:
        parsed = [fastavro.parse_schema(json.loads(schema), named_schemas=named) for schema in schemas][-1]
    except Exception:  # noqa: BLE001 - a broken schema raises whatever it leads the library to
        return None

    def read(body: bytes) -> str:
        said = fastavro.schemaless_reader(io.BytesIO(body), parsed, None)
        return json.dumps(said, ensure_ascii=False, default=plain_value)

    return read
