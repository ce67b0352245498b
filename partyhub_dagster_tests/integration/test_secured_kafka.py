"""A broker that asks who is there: every way of hub.yaml to come in, and what is said when it is the wrong one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from partyhub_dagster.config import load_config
from partyhub_dagster.errors import BrokerError
from partyhub_dagster.hub import Hub
from partyhub_dagster.streaming.confirming import confirm_release
from partyhub_dagster.streaming.kafka import broker_of, streaming_of
from partyhub_dagster.streaming.run import stream_hub
from partyhub_dagster.streaming.topics import create_topics
from partyhub_dagster_tests.events import upsert
from partyhub_dagster_tests.factories import lake_place
from partyhub_dagster_tests.services.secured import PASSWORD, USER, SecuredKafka, token_server
from partyhub_dagster_tests.services.servers import HOST

pytestmark = pytest.mark.service
_LOGIN = "username: {env: KAFKA_USER}, password: {file: password}"
_TLS = "certificate_file: client.pem, key_file: client.key, key_password: {file: password}"
_OAUTH = "{token_url: TOKENS, client_id: {env: KAFKA_USER}, client_secret: {file: password}, scope: kafka}"
WAYS = {
    "PLAIN": ("login", f"protocol: SASL_SSL, mechanism: PLAIN, ca_file: ca.pem, {_LOGIN}"),
    "SCRAM-SHA-256": ("login", f"protocol: SASL_SSL, mechanism: SCRAM-SHA-256, ca_file: ca.pem, {_LOGIN}"),
    "SCRAM-SHA-512": ("login", f"protocol: SASL_SSL, mechanism: SCRAM-SHA-512, ca_file: ca.pem, {_LOGIN}"),
    "SCRAM without TLS": ("open", f"protocol: SASL_PLAINTEXT, mechanism: SCRAM-SHA-512, {_LOGIN}"),
    "client certificate": ("tls", f"protocol: SSL, ca_file: ca.pem, {_TLS}"),
    "OAUTHBEARER": (
        "oauth",
        f"protocol: SASL_SSL, mechanism: OAUTHBEARER, ca_file: ca.pem, oauth: {_OAUTH}",
    ),
}
Connect = Callable[..., Hub]


@pytest.fixture(scope="module")
def secured(services: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:  # noqa: ARG001 - skips where services may not be had
    server = SecuredKafka(tmp_path_factory.mktemp("secured") / "kafka", dies_with_us=True)
    server.start()
    server.wait()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def tokens() -> Iterator[str]:
    with token_server() as url:
        yield url


@pytest.fixture
def connect(secured: SecuredKafka, tokens: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Return a hub that comes in by a listener with these settings."""
    monkeypatch.delenv("PARTYHUB_KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.setenv("KAFKA_USER", USER)

    def make(listener: str, security: str, timeout_s: float = 20) -> Hub:
        for name in ("ca.pem", "other.pem", "client.pem", "client.key"):
            (tmp_path / name).write_bytes((secured.folder / name).read_bytes())
        (tmp_path / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
        raw = tmp_path.name
        (tmp_path / "hub.yaml").write_text(
            "sources:\n  crm: {key: ID, version: {column: REV, type: integer}, kind: person,"
            " columns: {NAME: person_name}}\n"
            f"streaming: {{bootstrap_servers: '{HOST}:{secured.ports[f'{listener}_port']}', topics: {raw},"
            f" dead_letter_topic: {raw}.dlq, confirmation_topic: {raw}.updates, broker_timeout_seconds: {timeout_s},"
            f" security: {{{security.replace('TOKENS', tokens)}}}}}\n",
            encoding="utf-8",
        )
        return Hub(load_config(tmp_path / "hub.yaml"), lake_place(tmp_path / "home"))

    return make


@pytest.mark.parametrize("way", WAYS)
def test_events_come_in_and_answers_go_out_over_a_secured_connection(way: str, connect: Connect) -> None:
    hub = connect(*WAYS[way])
    told, broker = streaming_of(hub.config), broker_of(hub.config)
    assert all(create_topics(broker, told, 2, 1).values())
    producer = broker.producer()
    for key, value in (upsert("1"), upsert("2"), ("crm:3", "{bad")):
        producer.produce(told.topics[0], key=key, value=value)
    assert producer.flush(20) == 0
    report = stream_hub(hub, draining=False)
    assert (report.as_dict()["stored"], report.dead_letters_sent, report.warnings) == (2, 1, [])
    assert confirm_release(hub).sequence == report.confirmations_sent == 2


@pytest.mark.parametrize(
    ("way", "wrong", "named"),
    [
        ("PLAIN", "password: {env: KAFKA_USER}", "_AUTHENTICATION"),
        ("SCRAM-SHA-512", "password: {env: KAFKA_USER}", "_AUTHENTICATION"),
        ("OAUTHBEARER", "client_secret: {env: KAFKA_USER}", "_AUTHENTICATION"),
        ("PLAIN", "ca_file: other.pem", "_SSL"),
        ("client certificate", "ca_file: ca.pem", "_SSL|_TRANSPORT"),  # TLS 1.3: the broker just hangs up
    ],
)
def test_a_login_that_is_refused_says_so_without_the_secret(
    way: str, wrong: str, named: str, connect: Connect
) -> None:
    listener, security = WAYS[way]
    key = wrong.partition(":")[0]
    parts = [wrong if part.strip().startswith(f"{key}:") else part for part in security.split(", ")]
    right = ", ".join(parts)
    if way == "client certificate":
        right = right.replace(f", {_TLS}", "")
    with pytest.raises(BrokerError) as refused:
        stream_hub(connect(listener, right, 3), draining=False)
    assert any(f"(last: {name})" in str(refused.value) for name in named.split("|"))
    assert "streaming.security" in str(refused.value)
    assert PASSWORD not in str(refused.value)
