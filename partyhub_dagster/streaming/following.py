"""What follows a release in a run that takes events: dead letters, confirmations, and Parquet if hub.yaml wants it.

Neither holds back the next batch: records and releases do not wait for those who are told of them.
"""

import time
from dataclasses import dataclass

from partyhub_dagster.errors import BrokerError, LakeError, StreamError
from partyhub_dagster.hub import Run
from partyhub_dagster.streaming.confirming import Confirmer
from partyhub_dagster.streaming.dead_letters import DeadLetterSender
from partyhub_dagster.streaming.kafka import Broker, streaming_of
from partyhub_dagster.streaming.report import StreamReport


@dataclass(slots=True)
class Followers:
    """Those who are told of the releases of one run."""

    run: Run
    confirmer: Confirmer
    dead_letters: DeadLetterSender
    _stopped: StreamError | None = None

    def tell_rejected(self, report: StreamReport) -> None:
        """Send the rejected messages that wait to the dead letter topic."""
        began = time.monotonic()
        try:
            report.dead_letters_sent += self.dead_letters.send(self.run.session)
        except BrokerError as error:
            report.warnings.append(str(error))
        report.spend("dead_letters", time.monotonic() - began)

    def tell(self, report: StreamReport) -> None:
        """Send the confirmations of a release, and export it if hub.yaml says after_release."""
        began = time.monotonic()
        self._confirm(report)
        report.spend("party_updates", time.monotonic() - began)
        if self.run.config.publish.after_release and report.release is not None:
            began = time.monotonic()
            try:
                self.run.hub.export()
            except LakeError as error:
                report.warnings.append(str(error))
            report.spend("golden_parquet", time.monotonic() - began)

    def _confirm(self, report: StreamReport) -> None:
        if self._stopped is not None:
            return
        try:
            report.confirmations_sent += self.confirmer.confirm(self.run.session).sent
        except (
            BrokerError
        ) as error:  # lineage is the outbox: the next release, or the next run, sends the rest
            report.warnings.append(str(error))
        except StreamError as error:
            self._stopped = error

    def close(self) -> None:
        """Note how far confirmations came and let go of the broker.

        Raises:
            StreamError: confirmations cannot go on until a person has acted; everything else was done.
        """
        try:
            if self._stopped is not None:
                raise self._stopped
            self.confirmer.note(self.run.session)
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Let go of the broker, whatever is left to be told."""
        self.confirmer.let_go()


def followers_of(run: Run, broker: Broker) -> Followers:
    """Return those who are told of the releases of a run."""
    topic = streaming_of(run.config).dead_letter_topic
    return Followers(run, Confirmer(run.config, broker), DeadLetterSender(broker, topic))
