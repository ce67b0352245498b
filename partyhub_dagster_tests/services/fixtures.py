"""Fixtures that lead a test to Kafka and S3, and name what it makes there by itself.

A test that takes one is marked `service`. Without services it skips and says what to do; where
PARTYHUB_REQUIRE_SERVICES is 1, as in `.ci/run`, it fails instead.
"""

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from partyhub_dagster_tests.services.servers import S3, S3_ACCESS_KEY, S3_REGION, S3_SECRET_KEY, Kafka
from partyhub_dagster_tests.services.standing import Standing, standing_folder

MakeTopic = Callable[..., str]


@pytest.fixture(scope="session")
def services() -> Standing:
    """The standing services of this checkout; both answer."""
    standing = Standing(standing_folder())
    if standing.addresses() and all(server.process and server.answers() for server in standing.servers):
        return standing
    need = "needs Kafka and S3: run `make services-up`"
    if os.environ.get("PARTYHUB_REQUIRE_SERVICES") == "1":
        pytest.fail(need)
    pytest.skip(need)


@pytest.fixture
def kafka(services: Standing) -> str:
    """Bootstrap servers of the standing broker."""
    return services.addresses()["PARTYHUB_KAFKA_BOOTSTRAP_SERVERS"]


@pytest.fixture
def make_topic(kafka: str) -> Iterator[MakeTopic]:
    """Make topics with names of their own: `make_topic(6, **{"cleanup.policy": "compact"})`; deleted after."""
    from confluent_kafka.admin import AdminClient

    admin, made = AdminClient({"bootstrap.servers": kafka}), []

    def make(partitions: int = 1, name: str = "party.events.raw", **settings: str) -> str:
        topic = f"{name}.{uuid.uuid4().hex[:12]}"
        create_topic(kafka, topic, partitions, **settings)
        made.append(topic)
        return topic

    yield make
    if made:
        for deleted in admin.delete_topics(made).values():
            deleted.exception()  # a test may have deleted it itself


def create_topic(bootstrap_servers: str, topic: str, partitions: int = 1, **settings: str) -> None:
    """Create a topic of that very name and wait until it is there."""
    from confluent_kafka.admin import AdminClient, NewTopic

    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    wanted = NewTopic(topic, num_partitions=partitions, replication_factor=1, config=settings)
    admin.create_topics([wanted])[topic].result(30)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of one test."""

    name: str
    endpoint: str
    access_key: str = S3_ACCESS_KEY
    secret_key: str = S3_SECRET_KEY
    region: str = S3_REGION

    @property
    def url(self) -> str:
        """Its URL."""
        return f"s3://{self.name}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead AWS's clients to its server; pyarrow alone does not read the endpoint."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }

    def filesystem(self, **options: Any) -> Any:
        """Return pyarrow's file system on its server."""
        from pyarrow.fs import S3FileSystem

        keys = {"access_key": self.access_key, "secret_key": self.secret_key, "region": self.region}
        return S3FileSystem(endpoint_override=self.endpoint, **keys, **options)


@pytest.fixture
def bucket(services: Standing) -> Iterator[Bucket]:
    """A bucket with a name of its own; deleted after with all it holds."""
    made = Bucket(f"partyhub-{uuid.uuid4().hex[:12]}", services.addresses()["AWS_ENDPOINT_URL"])
    files = made.filesystem(allow_bucket_creation=True, allow_bucket_deletion=True)
    files.create_dir(made.name)
    yield made
    files.delete_dir(made.name)


@pytest.fixture
def own_kafka(services: Standing, tmp_path: Path) -> Iterator[Kafka]:  # noqa: ARG001 - skips where services may not be had
    """A broker of this test alone, to be killed, paused and started again. Ready in about 3 s."""
    server = Kafka(tmp_path / "kafka", dies_with_us=True)
    server.start()
    server.wait()
    yield server
    server.kill()


@pytest.fixture
def own_s3(services: Standing, tmp_path: Path) -> Iterator[S3]:  # noqa: ARG001 - skips where services may not be had
    """An S3 server of this test alone, to be killed, paused and started again."""
    server = S3(tmp_path / "s3", dies_with_us=True)
    server.start()
    server.wait()
    yield server
    server.kill()
