"""Kafka: where events come from, how the broker is reached, and how much is taken at once."""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from partyhub_dagster.config.section import Name, Section, as_list, wrong
from partyhub_dagster.config.stream_sensor import StreamSensor

Text = Annotated[str, Field(min_length=1)]
Topic = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")]
Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


def _without_secrets(url: str) -> str:
    if urlsplit(url).username is not None:
        raise wrong(
            "the URL holds a user name or secret", "Leave it out; name it by {env: NAME} or {file: PATH}"
        )
    return url


Url = Annotated[str, Field(min_length=1), AfterValidator(_without_secrets)]


class Secret(Section):
    """Where a secret is found; hub.yaml never holds one."""

    env: Text | None = None
    """Environment variable that holds it."""
    file: Text | None = None
    """File that holds it, relative to hub.yaml."""

    @model_validator(mode="after")
    def _is_in_one_place(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise wrong("a secret is in one place", "Write {env: NAME} or {file: PATH}")
        return self


class OAuth(Section):
    """OAUTHBEARER by client credentials (OIDC)."""

    token_url: Url
    """Where tokens are asked for."""
    client_id: Secret
    """Id of the client."""
    client_secret: Secret
    """Secret of the client."""
    scope: str | None = None
    """Scope that is asked for."""


class Security(Section):
    """How the broker is talked to; secrets come from the environment or from files."""

    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """Encrypted (SSL) or not, with a login (SASL) or not."""
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None = None
    """How to log in."""
    username: Secret | None = None
    """PLAIN, SCRAM: user."""
    password: Secret | None = None
    """PLAIN, SCRAM: password."""
    oauth: OAuth | None = None
    """OAUTHBEARER: where its tokens come from."""
    ca_file: Text | None = None
    """Certificates that are trusted (PEM), relative to hub.yaml; left out: those of the system."""
    certificate_file: Text | None = None
    """Our own certificate (PEM), where the broker asks for one."""
    key_file: Text | None = None
    """Its private key (PEM)."""
    key_password: Secret | None = None
    """Password of the private key."""

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        sasl = self.protocol.startswith("SASL")
        if sasl != (self.mechanism is not None):
            raise wrong(
                "a mechanism and a SASL protocol belong together", "Write both or none", at=("mechanism",)
            )
        if self.mechanism == "OAUTHBEARER" and self.oauth is None:
            raise wrong("OAUTHBEARER needs oauth", "Add oauth: {token_url, client_id, client_secret}")
        if sasl and self.mechanism != "OAUTHBEARER" and (self.username is None or self.password is None):
            raise wrong(f"{self.mechanism} needs username and password", "Add both, each as {env: NAME}")
        if (self.certificate_file is None) != (self.key_file is None):
            raise wrong("certificate_file and key_file belong together", "Write both or none")
        return self


class Registry(Section):
    """A schema registry: messages are then read in Confluent's wire format, Avro or JSON Schema."""

    url: Url
    """Where it is."""
    username: Secret | None = None
    """User, where it asks for one."""
    password: Secret | None = None
    """Password of the user."""
    ca_file: Text | None = None
    """Certificates that are trusted (PEM), relative to hub.yaml; left out: those of the system."""


class Streaming(Section):
    """Events by Kafka."""

    bootstrap_servers: Text = "localhost:9092"
    """Brokers as HOST:PORT, separated by commas; PARTYHUB_KAFKA_BOOTSTRAP_SERVERS wins over it."""
    security: Security = Security()
    """How the brokers are talked to."""
    registry: Registry | None = None
    """Schema registry; left out: messages are JSON."""
    topics: Annotated[
        tuple[Topic, ...],
        BeforeValidator(as_list, json_schema_input_type=Topic | list[Topic]),
        Field(min_length=1),
    ] = ("party.events.raw",)
    """Topics with events."""
    dead_letter_topic: Topic = "party.events.dlq"
    """Topic for messages that cannot be used."""
    confirmation_topic: Topic = "party.events.updates"
    """Topic on which effects are confirmed."""
    sources: tuple[Name, ...] | None = None
    """Sources that events may speak of; left out: those with a version column, and those without files."""
    max_batch_messages: Count = 10_000
    """Messages of one topic that a batch takes at most."""
    max_bytes_at_once: Count = 64_000_000
    """Bytes of messages that a run holds in memory at once; a batch with more is taken in several transactions."""
    max_message_bytes: Count = 1_000_000
    """Larger messages are quarantined."""
    broker_timeout_seconds: Seconds = 5
    """How long a broker may take to answer."""
    drain_seconds: Seconds = 300
    """How long a drain run takes batches at most."""
    idle_seconds: Annotated[float, Field(ge=0)] = 10
    """After how long without a message a drain run ends."""
    sensor: StreamSensor = StreamSensor()
    """How runs are started."""

    @model_validator(mode="after")
    def _topics_differ(self) -> Self:
        told = [*self.topics, self.dead_letter_topic, self.confirmation_topic]
        if len(set(told)) < len(told):
            raise wrong("a topic stands in two roles, or twice", "Name each topic once", at=("topics",))
        return self
