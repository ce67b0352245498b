"""The two services of a checkout: brought up once, left standing, found by a file of addresses."""

import fcntl
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from partyhub_dagster_tests.services.programs import kafka_jars, versitygw
from partyhub_dagster_tests.services.servers import S3, Kafka, Server

ROOT = Path(__file__).parents[2]
_OWNER_ONLY = 0o700  # what is tried out there can be personal data


def standing_folder() -> Path:
    """Return the folder of the services of this checkout: PARTYHUB_SERVICES, or `.services` at its root."""
    return Path(os.environ.get("PARTYHUB_SERVICES") or ROOT / ".services").expanduser().resolve()


class Standing:
    """Kafka and S3 in one folder, with a file of addresses while both stand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers: tuple[Server, ...] = (Kafka(folder / "kafka"), S3(folder / "s3"))

    @property
    def environment_file(self) -> Path:
        """Where the addresses are written: `. .services/env` sets them in a shell."""
        return self.folder / "env"

    def up(self) -> list[str]:
        """Start what does not run, wait until both answer, write the addresses; say where they are."""
        kafka_jars(), versitygw()  # the long part, before anything runs
        with self._alone():
            for server in self.servers:
                server.start()
            for server in self.servers:
                server.wait()
            self._write_addresses()
            told = [
                f"{server.name:<6} 127.0.0.1:{server.port}  process {server.running().pid}, log {server.log}"
                for server in self.servers
            ]
        return [*told, f"Addresses as environment variables: . {self.environment_file}"]

    def down(self) -> list[str]:
        """End what runs. Data stays, for the next time."""
        if not self.folder.is_dir():
            return ["Nothing was running."]
        with self._alone():
            self.environment_file.unlink(missing_ok=True)
            ended = [server.name for server in self.servers if server.stop()]
        return [f"Ended: {', '.join(ended)}." if ended else "Nothing was running."]

    def addresses(self) -> dict[str, str]:
        """Return the addresses as environment variables; empty when the services were not brought up."""
        try:
            lines = self.environment_file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return {}
        assignments = (shlex.split(line)[1].partition("=") for line in lines)
        return {name: value for name, _, value in assignments}

    def _write_addresses(self) -> None:
        every = {name: value for server in self.servers for name, value in server.addresses().items()}
        written = self.environment_file.with_suffix(".new")
        written.write_text(
            "".join(f"export {name}={shlex.quote(value)}\n" for name, value in every.items()),
            encoding="utf-8",
        )
        written.replace(self.environment_file)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.folder.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
