"""Clients of the broker that answer in time or say why not, and where the partitions of a topic stand."""

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, Producer, TopicCollection
from confluent_kafka import TopicPartition as Place
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # not in its __all__

from partyhub_dagster.config import HubConfig
from partyhub_dagster.config.streaming import Secret, Security, Streaming
from partyhub_dagster.errors import BrokerError, ConfigError, StreamError
from partyhub_dagster.streaming.ranges import PartitionState

SERVERS_VARIABLE = "PARTYHUB_KAFKA_BOOTSTRAP_SERVERS"


_VAGUE = ("_ALL_BROKERS_DOWN", "_TRANSPORT", "_TIMED_OUT")
"""What clients say last, when they have given up: what they said before is the cause, such as _AUTHENTICATION."""


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic as the broker has it: its id, which ends with it, and where its partitions stand."""

    topic: str
    topic_id: str
    partitions: tuple[PartitionState, ...]


@dataclass(slots=True)
class Broker:
    """The brokers of a hub. Its clients hold secrets, so nothing of it is shown."""

    servers: str
    timeout_s: float
    settings: Mapping[str, str] = field(repr=False)
    told: list[str] = field(default_factory=list)
    """Names of the errors that clients met, the newest last."""

    def refuse_if_down(self) -> None:
        """Try the TCP ports, as a client would keep trying for long and say so loudly.

        Raises:
            BrokerError: none of the brokers takes a connection.
        """
        for server in self.servers.split(","):
            host, _, port = server.strip().rpartition(":")
            try:
                socket.create_connection((host.strip("[]"), int(port)), timeout=self.timeout_s).close()
            except (OSError, ValueError):
                continue
            return
        raise BrokerError(
            f"No Kafka broker answers at {self.servers}; nothing was read.",
            remedy="Start the broker, or correct `streaming.bootstrap_servers` in hub.yaml or"
            f" {SERVERS_VARIABLE}. What waits in Kafka is read when it is back.",
        )

    def admin(self) -> AdminClient:
        """Make a client that asks about topics."""
        self.refuse_if_down()
        return AdminClient({**self._base()})

    def consumer(self) -> Consumer:
        """Make a client that reads by assignment only: it joins no group and commits no offset."""
        self.refuse_if_down()
        return Consumer({
            **self._base(), "group.id": "partyhub", "enable.auto.commit": False, "enable.auto.offset.store": False,
            "auto.offset.reset": "error", "enable.partition.eof": True, "isolation.level": "read_committed",
            "fetch.wait.max.ms": 100, "queued.max.messages.kbytes": 65_536,
        })  # fmt: skip

    def producer(self, more: Mapping[str, str | int | bool] | None = None) -> Producer:
        """Make a client that sends idempotently: what is acknowledged is there once and in order."""
        self.refuse_if_down()
        return Producer({
            **self._base(), "enable.idempotence": True, "compression.type": "lz4", "linger.ms": 5,
            "message.max.bytes": 16_000_000, "delivery.timeout.ms": self.delivery_ms, **(more or {}),
        })  # fmt: skip

    @property
    def delivery_ms(self) -> int:
        """How long a message may be on its way; less than the fifteen minutes that a broker gives a transaction."""
        return int(min(self.timeout_s * 6, 600) * 1_000)

    def _base(self) -> dict[str, Any]:
        return {
            "bootstrap.servers": self.servers, "client.id": "partyhub", "log_level": 2, "error_cb": self._tell,
            "socket.timeout.ms": int(self.timeout_s * 1_000), "socket.keepalive.enable": True, **self.settings,
        }  # fmt: skip

    def _tell(self, error: KafkaError) -> None:
        self.told.append(error.name())

    def silent(self, doing: str) -> BrokerError:
        """Return the error that a broker did not answer in time, with what its clients met."""
        telling = [name for name in self.told if name not in _VAGUE] or self.told
        met = f" (last: {telling[-1]})" if telling else ""
        return BrokerError(
            f"The Kafka broker at {self.servers} did not answer in {self.timeout_s:g} s while {doing}{met};"
            " nothing was kept of it.",
            remedy="Check the broker, `streaming.security` in hub.yaml and the network; it is tried again.",
        )


def streaming_of(config: HubConfig) -> Streaming:
    """Return the section `streaming`.

    Raises:
        ConfigError: hub.yaml has none.
    """
    if config.streaming is None:
        raise ConfigError(
            "hub.yaml has no section `streaming`, so this hub takes no events.",
            remedy="Add `streaming: {bootstrap_servers: HOST:PORT}`; docs/configuration.md has its keys.",
        )
    return config.streaming


def broker_of(config: HubConfig) -> Broker:
    """Describe the brokers of a hub, with its secrets read from where hub.yaml says they are.

    Raises:
        ConfigError: there is no section `streaming`, or a secret is not there.
    """
    told = streaming_of(config)
    servers = os.environ.get(SERVERS_VARIABLE) or told.bootstrap_servers
    return Broker(servers, told.broker_timeout_seconds, _security(told.security, config.root))


def _security(security: Security, root: Path) -> dict[str, str]:
    found: dict[str, str | None] = {
        "security.protocol": security.protocol,
        "sasl.mechanism": security.mechanism,
        "sasl.username": read_secret(security.username, root, "streaming.security.username"),
        "sasl.password": read_secret(security.password, root, "streaming.security.password"),
        "ssl.ca.location": _file(security.ca_file, root),
        "ssl.certificate.location": _file(security.certificate_file, root),
        "ssl.key.location": _file(security.key_file, root),
        "ssl.key.password": read_secret(security.key_password, root, "streaming.security.key_password"),
    }
    if security.oauth is not None:
        at = "streaming.security.oauth"
        found |= {
            "sasl.oauthbearer.method": "oidc",
            "sasl.oauthbearer.token.endpoint.url": security.oauth.token_url,
            "sasl.oauthbearer.client.id": read_secret(security.oauth.client_id, root, f"{at}.client_id"),
            "sasl.oauthbearer.client.secret": read_secret(
                security.oauth.client_secret, root, f"{at}.client_secret"
            ),
            "sasl.oauthbearer.scope": security.oauth.scope,
        }
    return {name: value for name, value in found.items() if value is not None}


def _file(path: str | None, root: Path) -> str | None:
    return None if path is None else str(root / path)


def read_secret(secret: Secret | None, root: Path, key: str) -> str | None:
    """Read a secret from the environment or its file.

    Raises:
        ConfigError: it is not there, or empty.
    """
    if secret is None:
        return None
    if secret.env is not None:
        where, value = f"variable {secret.env} of the environment", os.environ.get(secret.env, "")
    else:
        where, value = f"file {secret.file}", _content(root / str(secret.file))
    if not value:
        raise ConfigError(
            f"The {where}, which `{key}` names, is missing or empty.",
            remedy="Set it for the process that runs the hub; its value belongs neither into hub.yaml nor into logs.",
        )
    return value


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError):
        return ""


def read_topics(
    broker: Broker, stored: Mapping[tuple[str, int], int], topics: Sequence[str]
) -> list[TopicState]:
    """Ask the broker where the partitions of topics stand; `high` ends at what readers of committed data see.

    Raises:
        BrokerError: it does not answer in time.
        StreamError: a topic is not there.
    """
    admin = broker.admin()
    try:
        described = {topic: _described(admin, broker, topic) for topic in topics}
        places = [Place(topic, partition) for topic, (_, count) in described.items() for partition in count]
        low, high = (
            _offsets(admin, broker, places, spec) for spec in (OffsetSpec.earliest(), OffsetSpec.latest())
        )
    except KafkaException:
        admin.poll(0)  # only now its clients' errors are told
        raise broker.silent("telling where its topics stand") from None
    return [
        TopicState(topic, topic_id, tuple(
            PartitionState(topic, n, stored.get((topic, n)), low[topic, n], high[topic, n]) for n in partitions
        ))
        for topic, (topic_id, partitions) in described.items()
    ]  # fmt: skip


def _described(admin: AdminClient, broker: Broker, topic: str) -> tuple[str, list[int]]:
    asked = admin.describe_topics(TopicCollection([topic]), request_timeout=broker.timeout_s)
    try:
        found = asked[topic].result()
    except KafkaException as error:
        if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise
        raise StreamError(
            f"The Kafka broker has no topic {topic}; nothing was read.",
            remedy="Create it with `partyhub events create-topics`, or correct `streaming.topics` in hub.yaml. If it"
            " was deleted, what it held and was not read is lost.",
        ) from None
    return str(found.topic_id), sorted(partition.id for partition in found.partitions)


def _offsets(
    admin: AdminClient, broker: Broker, places: list[Place], spec: OffsetSpec
) -> dict[tuple[str, int], int]:
    asked = admin.list_offsets(
        dict.fromkeys(places, spec),
        isolation_level=IsolationLevel.READ_COMMITTED,
        request_timeout=broker.timeout_s,
    )
    return {(place.topic, place.partition): answer.result().offset for place, answer in asked.items()}
