"""What hub.yaml may say of events, and where secrets are found."""

from pathlib import Path

import pytest

from partyhub_dagster.config import HubConfig, parse_config
from partyhub_dagster.config.load import load_config
from partyhub_dagster.errors import BrokerError, ConfigError
from partyhub_dagster.streaming.kafka import SERVERS_VARIABLE, broker_of
from partyhub_dagster.streaming.taking import fed_sources

SOURCE = "{key: ID, kind: person, columns: {NAME: person_name}"
SOURCES = f"""
sources:
  files: {SOURCE}, path: a.csv}}
  both: {SOURCE}, path: b.csv, version: {{column: V, type: integer}}}}
  events: {SOURCE}}}
"""


def hub(streaming: str, root: Path = Path("/hub")) -> HubConfig:
    return parse_config(f"{SOURCES}streaming: {{{streaming}}}\n", root)


def test_events_feed_sources_with_a_version_and_those_without_files() -> None:
    assert fed_sources(hub("")) == ["both", "events"]
    assert fed_sources(hub("sources: [events]")) == ["events"]


@pytest.mark.parametrize(
    ("streaming", "problem"),
    [
        ("sources: [events, bth]", "there is no source `bth`"),
        ("sources: [events, files]", "files and events feed `files`"),
        ("sources: [both]", "neither files nor events feed the source"),
        ("topics: [a, party.events.dlq]", "a topic stands in two roles"),
        ("security: {protocol: SASL_SSL}", "a mechanism and a SASL protocol belong together"),
        ("security: {protocol: SASL_SSL, mechanism: PLAIN}", "PLAIN needs username and password"),
        ("security: {protocol: SASL_SSL, mechanism: OAUTHBEARER}", "OAUTHBEARER needs oauth"),
        ("security: {password: secret}", "keys with values"),
        ("security: {password: {env: A, file: b}}", "a secret is in one place"),
        ("registry: {url: 'https://ann:secret@registry'}", "the URL holds a user name or secret"),
    ],
)
def test_contradictions_are_found(streaming: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        hub(streaming)


def test_without_events_a_source_needs_files() -> None:
    with pytest.raises(ConfigError, match="`path` is missing"):
        parse_config(SOURCES, Path("/hub"))


def test_security_is_passed_on_with_secrets_from_environment_and_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "password").write_text("pa ss\n", encoding="utf-8")
    (tmp_path / "hub.yaml").write_text(
        SOURCES + "streaming:\n  security: {protocol: SASL_SSL, mechanism: SCRAM-SHA-512, ca_file: ca.pem,"
        " username: {env: THE_USER}, password: {file: password}}\n",
        encoding="utf-8",
    )
    config = load_config(tmp_path / "hub.yaml")
    with pytest.raises(ConfigError, match="variable THE_USER of the environment"):
        broker_of(config)
    monkeypatch.setenv("THE_USER", "hub")
    broker = broker_of(config)
    assert broker.settings == {
        "security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "hub",
        "sasl.password": "pa ss", "ssl.ca.location": str(tmp_path / "ca.pem"),
    }  # fmt: skip
    assert "pa ss" not in repr(broker)
    assert "pa ss" not in config.model_dump_json()


def test_oauth_is_asked_for_by_client_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ID", "hub")
    monkeypatch.setenv("SECRET", "s3cret")
    oauth = "oauth: {token_url: 'https://login/token', client_id: {env: ID}, client_secret: {env: SECRET}}"
    broker = broker_of(hub(f"security: {{protocol: SASL_SSL, mechanism: OAUTHBEARER, {oauth}}}"))
    assert broker.settings["sasl.oauthbearer.method"] == "oidc"
    assert broker.settings["sasl.oauthbearer.client.secret"] == "s3cret"
    assert "s3cret" not in repr(broker)


def test_a_broker_that_is_down_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SERVERS_VARIABLE, "127.0.0.1:1")
    with pytest.raises(BrokerError, match=r"No Kafka broker answers at 127\.0\.0\.1:1"):
        broker_of(hub("")).consumer()
