"""The hub as a Dagster resource: one pipeline run, held from a Dagster run's first step to its last."""

import contextlib
from contextlib import ExitStack
from pathlib import Path

import dagster as dg
from pydantic import Field, PrivateAttr

from partyhub_dagster.build_report import Progress
from partyhub_dagster.hub import Hub, Run
from partyhub_dagster.orchestration.recovery import hold_alive, report_dead_runs
from partyhub_dagster.places import hub_from_environment


class HubResource(dg.ConfigurableResource[None]):
    """The hub that the definitions were made for.

    Guarantees: no other pipeline run works on the hub between two steps of this one; connection and lock are gone
    when the run ends, and with the process if it is killed.
    """

    full: bool = Field(default=False, description="Recompute everything from the stored source records.")
    _held: ExitStack = PrivateAttr(default_factory=ExitStack)
    _alive: ExitStack = PrivateAttr(default_factory=ExitStack)
    _run: Run | None = PrivateAttr(default=None)
    _run_id: str | None = PrivateAttr(default=None)

    def hub(self) -> Hub:
        """Return the hub; `resource_of` gives the one that the definitions were made for."""
        return hub_from_environment()

    def tell(self, text: str) -> None:
        """Tell whoever waits for the run how far it is; nobody does, unless `resource_of` says so."""

    def run(self) -> Run:
        """Return the pipeline run, taking hold of the hub with the first step that asks.

        Raises:
            BusyError: another run is at work on this hub.
        """
        if self._run is None:
            self._run = self._held.enter_context(self.hub().run(self._run_id, full=self.full))
        return self._run

    def let_go(self) -> None:
        """Close the connection after an error; the next step begins with a fresh one."""
        self._run = None
        with contextlib.suppress(Exception):  # the error that led here is the one to report
            self._held.close()

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Report runs whose process was killed, and mark this one as alive while its process lives."""
        if context.instance is None or context.run is None:
            return  # a step that is tried out alone
        self._run_id = context.run.run_id
        folder = Path(context.instance.root_directory)
        report_dead_runs(context.instance, folder)
        self._alive.enter_context(hold_alive(folder, self._run_id))

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002
        """Let go of the hub at the end of the Dagster run."""
        self.let_go()
        self._alive.close()


def resource_of(hub: Hub, progress: Progress | None = None) -> HubResource:
    """Return the resource of one hub, so that steps and definitions go by the same hub.yaml."""

    class GivenHubResource(HubResource):
        def hub(self) -> Hub:
            return hub

        def tell(self, text: str) -> None:
            if progress is not None:
                progress(text)

    return GivenHubResource()
