"""Dagster's daemon on a hub of fault_world.py: started, killed, watched."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
from fault_world import World

from partyhub_dagster.orchestration.recovery import FOLDER
from partyhub_dagster.orchestration.stream_sensor import sensor_name
from partyhub_dagster_tests.services.servers import HOST, free_port
from partyhub_dagster_tests.services.standing import ROOT

_BIN = Path(sys.executable).parent
_WORKSPACE = ("-w", str(ROOT / "workspace.yaml"))
_RESET = """
mutation ($name: String!, $cursor: String) {
  setSensorCursor(sensorSelector: {repositoryLocationName: "partyhub_dagster", repositoryName: "__repository__",
    sensorName: $name}, cursor: $cursor) { __typename ... on PythonError { message } } }
"""


class Daemon:
    """A daemon with its code server, on a DAGSTER_HOME: `dagster-daemon run`, or all of `dagster dev`."""

    def __init__(self, world: World, home: Path, *, ui: bool = False) -> None:
        self.world, self.home = world, home
        self.sensor = sensor_name(world.raw)
        self.port = free_port() if ui else None
        self._process: subprocess.Popen[bytes] | None = None
        if not home.exists():
            home.mkdir()
            shutil.copy(ROOT / "dagster.yaml", home / "dagster.yaml")
            self._dagster("sensor", "start", self.sensor, *_WORKSPACE)

    def _environment(self) -> dict[str, str]:
        return self.world.environment(DAGSTER_HOME=str(self.home))

    def _dagster(self, *words: str) -> None:
        done = subprocess.run(  # noqa: S603 - our own programs
            [str(_BIN / "dagster"), *words], env=self._environment(), capture_output=True, text=True, check=False,
            cwd=self.home,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"dagster {words[0]} ended with {done.returncode}: {done.stderr[-2000:]}")

    def start(self) -> None:
        """Start it; it begins to tick some seconds later."""
        command = [str(_BIN / "dagster-daemon"), "run", *_WORKSPACE]
        if self.port is not None:
            command = [str(_BIN / "dagster"), "dev", "-h", HOST, "-p", str(self.port), *_WORKSPACE]
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs
                ["setpriv", "--pdeathsig", "KILL", *command],  # noqa: S607 - of the system
                stdout=log, stderr=log, cwd=self.home, env=self._environment(), start_new_session=True,
            )  # fmt: skip

    def kill(self, *, whole: bool) -> None:
        """Kill -9 the daemon alone, or all that it has started too, as a power cut would."""
        if self._process is not None:
            if whole:
                for process in self._family():
                    with suppress(psutil.NoSuchProcess):
                        process.kill()
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it in good order."""
        if self._process is None:
            return
        family = self._family()
        self._process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(30)
        self.kill(whole=False)
        for process in psutil.wait_procs(family, timeout=5)[1]:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def _family(self) -> list[psutil.Process]:
        if self._process is None:
            return []
        return psutil.Process(self._process.pid).children(recursive=True)

    def runs_at_work(self) -> list[psutil.Process]:
        """Return the processes of runs that have begun: each holds its mark."""
        marks = self.home / FOLDER
        found = []
        for process in self._family():
            with suppress(psutil.Error):
                if any(Path(file.path).parent == marks for file in process.open_files()):
                    found.append(process)
        return found

    def at_work(self) -> str:
        """Say whether a run is at work."""
        return f"{'a run' if self.runs_at_work() else 'no run'} at work"

    def orphans(self) -> None:
        """End what an earlier daemon left: its code server waits for a heartbeat that does not come."""
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get("DAGSTER_HOME") == str(self.home) and process.pid != os.getpid():
                    process.kill()

    def instance(self) -> dg.DagsterInstance:
        """Open Dagster's storage."""
        return dg.DagsterInstance.from_config(str(self.home))

    def states(self) -> dict[str, int]:
        """Count the runs by state."""
        with self.instance() as instance:
            runs = instance.get_runs()
        found: dict[str, int] = {}
        for run in runs:
            found[run.status.value] = found.get(run.status.value, 0) + 1
        return dict(sorted(found.items()))

    def ticks(self, since: float) -> list[tuple[str, str]]:
        """Return what the ticks since then say, oldest first: status, and reason or error."""
        with self.instance() as instance:
            (state,) = [s for s in instance.all_instigator_state() if s.instigator_name == self.sensor]
            ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, after=since)
        told = []
        for tick in sorted(ticks, key=lambda t: t.timestamp):
            error = "" if tick.error is None else _innermost(tick.error)
            told.append((tick.status.value, error or tick.skip_reason or ""))
        return told

    def wait_for_stop(self, since: float, limit_s: float = 60) -> str:
        """Wait for a red tick and return what it says."""
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            for status, text in self.ticks(since):
                if status == "FAILURE":
                    return text
            time.sleep(0.5)
        raise SystemExit(f"No red tick; see {self.home}")

    def wait_for_ui(self, limit_s: float = 90) -> None:
        """Wait until the webserver answers."""
        until = time.monotonic() + limit_s
        while True:
            try:
                self._ask("{ version }")
            except OSError:
                if time.monotonic() > until:
                    raise SystemExit(f"dagster dev did not start; see {self.home / 'log'}") from None
                time.sleep(0.5)
            else:
                return

    def set_cursor(self, cursor: str | None) -> None:
        """Set the cursor of the sensor as the UI does."""
        told = self._ask(_RESET, name=self.sensor, cursor=cursor)["data"]["setSensorCursor"]
        if told["__typename"] != "Sensor":
            raise SystemExit(f"The cursor was not set: {told}")

    def cursor(self) -> str | None:
        """Return the cursor that Dagster has stored."""
        with self.instance() as instance:
            (state,) = [s for s in instance.all_instigator_state() if s.instigator_name == self.sensor]
            data: Any = state.instigator_data
            return None if data is None else data.cursor

    def _ask(self, query: str, **variables: Any) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"http://{HOST}:{self.port}/graphql", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            told: dict[str, Any] = json.load(answer)
            return told


def _innermost(error: Any) -> str:
    while error.cause is not None:
        error = error.cause
    return str(error.message)
