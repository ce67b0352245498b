"""One server each: how it is started, when it is ready, how it ends."""

import base64
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
import uuid
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import psutil

from partyhub_dagster_tests.services.programs import ServiceError, java, kafka_jars, versitygw

HOST = "127.0.0.1"
S3_ACCESS_KEY = "partyhub"
S3_SECRET_KEY = "partyhub-secret"  # noqa: S105 - of a server that listens on this machine alone
S3_REGION = "us-east-1"

_PORTS = range(20_000, 30_000)
"""Below what systems hand out to outgoing connections, so a server that restarts finds its port free."""

_READY_S = 120.0
_END_S = 15.0


def free_port() -> int:
    """Return a port that nobody listens on."""
    for port in random.sample(_PORTS, 200):
        if port_is_free(port):
            return port
    raise ServiceError(f"No port between {_PORTS.start} and {_PORTS.stop} is free on {HOST}.")


def port_is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


@dataclass
class Server(ABC):
    """A server with a folder of its own. What runs is remembered there, so another process can find and end it.

    Guarantees: a process is only ever signalled when its id and its start time are those of the one we started.
    """

    folder: Path
    dies_with_us: bool = False
    """For a server of one test: the system ends it when the process that started it dies."""
    _child: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    name: ClassVar[str]
    port_names: ClassVar[tuple[str, ...]] = ("port",)

    @abstractmethod
    def command(self) -> list[str]:
        """Prepare the folder and return the command line."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether the server does its work."""

    @abstractmethod
    def addresses(self) -> dict[str, str]:
        """Return the environment variables that lead to it."""

    def environment(self) -> dict[str, str]:
        """Return what its process needs beside ours."""
        return {}

    @property
    def log(self) -> Path:
        """What the server writes."""
        return self.folder / "log"

    @property
    def port(self) -> int:
        """Where clients reach it."""
        return self.ports["port"]

    @property
    def ports(self) -> dict[str, int]:
        """Return its ports, chosen at its first start and kept for the next ones."""
        return {name: int(self._remembered[name]) for name in self.port_names}

    @property
    def process(self) -> psutil.Process | None:
        """The process that we started, if it still runs."""
        remembered = self._remembered
        if "pid" not in remembered:
            return None
        try:
            process = psutil.Process(int(remembered["pid"]))
            same = abs(process.create_time() - remembered["started"]) < 1
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None

    def start(self) -> None:
        """Start it unless it runs; return before it is ready."""
        if self.process is not None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self._choose_ports()
        command = self.command()
        if self.dies_with_us and (setpriv := shutil.which("setpriv")):
            command = [setpriv, "--pdeathsig", "KILL", *command]
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=os.environ | self.environment(),
                start_new_session=True,  # Ctrl-C in the terminal that started it does not end it
            )
        started = psutil.Process(self._child.pid).create_time()
        self._remember(**self.ports, pid=self._child.pid, started=started)

    def wait(self) -> None:
        """Wait until it answers.

        Raises:
            ServiceError: it ended, or does not answer in two minutes.
        """
        until = time.monotonic() + _READY_S
        while not self.answers():
            ended = self.process is None
            if ended or time.monotonic() > until:
                state = "ended" if ended else f"did not answer within {_READY_S:.0f} s"
                last = "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
                raise ServiceError(f"{self.name} {state}. The end of its log, {self.log}:\n{last}")
            time.sleep(0.05)

    def stop(self) -> bool:
        """End it in good order, by force if it does not; return whether it ran."""
        process = self.process
        if process is not None:
            process.terminate()
            process.resume()  # a paused one would not hear of it
            if not self._gone(process):
                self.kill()
        self._forget_process()
        return process is not None

    def kill(self) -> None:
        """End it as a power cut would."""
        if (process := self.process) is not None:
            process.kill()
            self._gone(process)

    def pause(self) -> None:
        """Make it unreachable: connections are taken by the system, but nobody answers."""
        os.kill(self.running().pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """End a pause."""
        os.kill(self.running().pid, signal.SIGCONT)

    def running(self) -> psutil.Process:
        """Return its process, which must run."""
        if (process := self.process) is None:
            raise ServiceError(f"{self.name} does not run.")
        return process

    def _gone(self, process: psutil.Process) -> bool:
        if self._child is not None and self._child.pid == process.pid:
            try:
                self._child.wait(_END_S)  # our own child stays a zombie until it is waited for
            except subprocess.TimeoutExpired:
                return False
            return True
        return not psutil.wait_procs([process], timeout=_END_S)[1]

    def _choose_ports(self) -> None:
        remembered = self._remembered
        if set(self.port_names) <= set(remembered) and all(port_is_free(p) for p in self.ports.values()):
            return
        chosen: set[int] = set()
        while len(chosen) < len(self.port_names):
            chosen.add(free_port())
        self._remember(**dict(zip(self.port_names, chosen, strict=True)))

    @property
    def _remembered(self) -> dict[str, float]:
        try:
            held: dict[str, float] = json.loads((self.folder / "process.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return held

    def _remember(self, **facts: float) -> None:
        written = self.folder / "process.json.new"
        written.write_text(json.dumps(facts), encoding="utf-8")
        written.replace(self.folder / "process.json")

    def _forget_process(self) -> None:
        if remembered := self._remembered:
            self._remember(**{name: remembered[name] for name in self.port_names})


_KAFKA_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
# One node: every internal topic has one copy.
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# Tests do not wait: retention and compaction act within a second, and a killed broker is back in three.
group.initial.rebalance.delay.ms=0
log.retention.check.interval.ms=1000
log.initial.task.delay.ms=500
log.cleaner.backoff.ms=500
log.cleaner.dedupe.buffer.size=2097152
log.cleaner.io.buffer.size=262144
broker.session.timeout.ms=1000
broker.heartbeat.interval.ms=200
"""


class Kafka(Server):
    """One broker, its own controller (KRaft)."""

    name = "Kafka"
    port_names = ("port", "controller_port")
    scram: ClassVar[tuple[str, ...]] = ()
    """Users that can log in by SCRAM, as the tool that formats the data folder takes them."""

    @property
    def bootstrap_servers(self) -> str:
        """What clients are given."""
        return f"{HOST}:{self.port}"

    def command(self) -> list[str]:
        """Write the properties, format the data folder once, and return the command line."""
        jars, data, properties = kafka_jars(), self.folder / "data", self.folder / "server.properties"
        properties.write_text(self.properties(), encoding="utf-8")
        if not (data / "meta.properties").exists():
            self._format(jars, properties)
        options = ["-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=WARN"]
        return [java(), *options, "-cp", f"{jars}/*", "kafka.Kafka", str(properties)]

    def properties(self) -> str:
        """Return what the broker is told."""
        return _KAFKA_PROPERTIES.format(host=HOST, data=self.folder / "data", **self.ports)

    def _format(self, jars: Path, properties: Path) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        tool = [java(), "-Xmx64m", "-XX:TieredStopAtLevel=1", "-cp", f"{jars}/*", "kafka.tools.StorageTool"]
        users = [f"--add-scram={user}" for user in self.scram]
        command = [*tool, "format", f"--cluster-id={cluster}", "-c", str(properties), *users]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ServiceError(f"Kafka could not format its data folder. It said:\n{done.stderr}")

    def answers(self) -> bool:
        """Whether the broker has joined its cluster, by what clients are told."""
        if port_is_free(self.port):  # librdkafka is noisy when nobody listens
            return False
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        client = AdminClient({"bootstrap.servers": self.bootstrap_servers}, logger=_Silent())
        try:
            return bool(client.list_topics(timeout=2).brokers)
        except KafkaException:
            return False

    def addresses(self) -> dict[str, str]:
        """Return the environment variable that leads to it."""
        return {"PARTYHUB_KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers}


class _Silent:
    """A logger that writes nothing: a server that is starting refuses connections, which is no news."""

    def log(self, *_: object) -> None:
        """Drop it."""


class S3(Server):
    """versitygw: buckets are folders, objects are files."""

    name = "S3"

    @property
    def endpoint(self) -> str:
        """Its URL."""
        return f"http://{HOST}:{self.port}"

    def command(self) -> list[str]:
        """Make its folders and return the command line."""
        root, versions = self.folder / "root", self.folder / "versions"
        for needed in (root, versions):
            needed.mkdir(exist_ok=True)
        server = [str(versitygw()), "--port", f"{HOST}:{self.port}", "--health", "/health", "--quiet"]
        return [*server, "--region", S3_REGION, "posix", "--versioning-dir", str(versions), str(root)]

    def environment(self) -> dict[str, str]:
        """Return the keys that it asks for."""
        return {"ROOT_ACCESS_KEY": S3_ACCESS_KEY, "ROOT_SECRET_KEY": S3_SECRET_KEY}

    def answers(self) -> bool:
        """Whether it says that it is healthy."""
        try:
            with urllib.request.urlopen(f"{self.endpoint}/health", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False

    def addresses(self) -> dict[str, str]:
        """Return the variables that AWS gives its clients; pyarrow alone does not read the endpoint."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": S3_ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": S3_SECRET_KEY,
            "AWS_REGION": S3_REGION,
            "AWS_DEFAULT_REGION": S3_REGION,
        }
