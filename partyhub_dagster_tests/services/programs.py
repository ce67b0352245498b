"""The programs themselves: fetched once for a person, kept by version, used by every checkout."""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

KAFKA_VERSION = "4.3.1"  # 4.4.0 needs an artifact that Maven does not resolve
LOG4J_VERSION = "2.25.4"  # Kafka brings log4j-core, but nothing that leads SLF4J to it
VERSITYGW_VERSION = "v1.8.0"

_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>partyhub</groupId>
  <artifactId>kafka-jars</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-slf4j-impl</artifactId>
      <version>{LOG4J_VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""
_OTHERWISE = "Or have Docker run them: `docker compose up -d kafka s3`."


class ServiceError(Exception):
    """A service cannot be had; the text says what to do."""


def kafka_jars() -> Path:
    """Return the folder of Kafka's jars, fetched by Maven if they are not there yet."""
    java()

    def fetch(into: Path) -> None:
        (into / "pom.xml").write_text(_POM, encoding="utf-8")
        goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
        maven = program("mvn", "Maven fetches Kafka. Debian, Ubuntu: `apt install maven`.")
        _run([maven, "-q", "-B", goal, "-DoutputDirectory=libs"], into, "Maven could not fetch Kafka")

    return _kept(f"kafka-{KAFKA_VERSION}", fetch) / "libs"


def versitygw() -> Path:
    """Return the S3 server, built by Go if it is not there yet."""

    def build(into: Path) -> None:
        go = program(
            "go", "Go builds the S3 server versitygw. Install Go 1.24 or newer from https://go.dev/dl/."
        )
        package = f"github.com/versity/versitygw/cmd/versitygw@{VERSITYGW_VERSION}"
        _run([go, "install", package], into, "Go could not build versitygw", GOBIN=str(into), GOFLAGS="")

    return _kept(f"versitygw-{VERSITYGW_VERSION}", build) / "versitygw"


def java() -> str:
    """Return the Java that runs Kafka.

    Raises:
        ServiceError: there is none, or it is older than 17.
    """
    how = "Kafka runs on Java 17 or newer. Debian, Ubuntu: `apt install openjdk-17-jre-headless`."
    home = os.environ.get("JAVA_HOME")
    found = str(Path(home) / "bin" / "java") if home else program("java", how)
    try:
        told = subprocess.run([found, "-version"], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise ServiceError(f"{found} does not run. {how} {_OTHERWISE}") from error
    version = re.search(r'version "(\d+)', told.stderr)
    if version is None or int(version[1]) < 17:
        raise ServiceError(
            f"{found} is Java {version[1] if version else 'of an unknown version'}. {how} {_OTHERWISE}"
        )
    return found


def program(name: str, how: str) -> str:
    """Return where a program of the machine lies."""
    if (found := shutil.which(name)) is None:
        raise ServiceError(f"`{name}` is not on PATH. {how} {_OTHERWISE}")
    return found


def _kept(name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder of the cache; made beside its place and moved there whole, so that a half one is never used."""
    kept = _cache() / name
    if not kept.is_dir():
        with _alone(kept.with_name(f"{name}.lock")):
            if not kept.is_dir():  # another checkout may have made it while we waited
                making = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=kept.parent))
                try:
                    make(making)
                    making.rename(kept)
                finally:
                    shutil.rmtree(making, ignore_errors=True)
    return kept


def _cache() -> Path:
    named = os.environ.get("PARTYHUB_SERVICES_CACHE")
    if named:
        cache = Path(named).expanduser().resolve()
    else:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "partyhub-services"
    cache.mkdir(parents=True, exist_ok=True)
    return cache


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _run(command: list[str], folder: Path, failure: str, **environment: str) -> None:
    done = subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise ServiceError(
            f"{failure} (exit code {done.returncode}); is the network reachable? {_OTHERWISE} It said:\n{said}"
        )
