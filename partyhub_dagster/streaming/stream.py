"""The topics of a hub during one run: where they stand, and taking batches of them into the lake."""

from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import Consumer

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import StreamError
from partyhub_dagster.hub import Run
from partyhub_dagster.sources.storing import LoadCounts
from partyhub_dagster.streaming.batches import Batch, next_batch
from partyhub_dagster.streaming.kafka import Broker, TopicState, read_topics, streaming_of
from partyhub_dagster.streaming.losses import find_loss, find_other_topic
from partyhub_dagster.streaming.offsets import is_stored, stored_offsets, stored_topic_ids
from partyhub_dagster.streaming.reading import read_portion
from partyhub_dagster.streaming.taking import Taken, take_messages


@dataclass(slots=True)
class Stream:
    """The topics of a hub during one run: one client reads for all its batches."""

    run: Run
    broker: Broker
    _consumer: Consumer | None = None

    @property
    def config(self) -> HubConfig:
        """The hub's configuration."""
        return self.run.config

    def topics(self, names: Sequence[str] | None = None) -> list[TopicState]:
        """Return where topics stand, all of the hub by default.

        Raises:
            StreamError: what a topic holds is not what was read so far.
        """
        con = self.run.session.con
        states = read_topics(self.broker, stored_offsets(con), names or streaming_of(self.config).topics)
        ids = stored_topic_ids(con)
        for state in states:
            stop = find_other_topic(state.topic, ids.get(state.topic), state.topic_id)
            if stop is None:
                stop = find_loss(state.topic, state.partitions)
            if stop is not None:
                raise StreamError(stop.message, remedy=stop.remedy)
        return states

    def waiting(self) -> list[Batch]:
        """Return the next batch of each topic that has one."""
        limit = streaming_of(self.config).max_batch_messages
        found = [next_batch(state.topic, state.partitions, limit) for state in self.topics()]
        return [batch for batch in found if batch is not None]

    def take(self, batch: Batch) -> Taken:
        """Take a batch into the lake, unless the lake holds it already.

        One transaction takes it, or several if its messages are larger than the hub reads at once. Whatever comes
        between those, the lake stands exactly behind what it holds, and the rest is planned anew.

        Raises:
            StreamError: messages of it are gone, or messages before it were never read.
            StaleError: another run has read a part of it.
            BrokerError: the broker does not answer.
        """
        self._refuse_foreign(batch)
        session = self.run.session
        if is_stored(session.con, batch):
            return Taken(batch.batch_id, batch.offsets, LoadCounts(), already=True)
        (state,) = self.topics([batch.topic])
        self._refuse_lost(batch, state)
        return self.run.times.time("raw/stream", lambda: self._take(batch, state.topic_id))

    def _take(self, batch: Batch, topic_id: str) -> Taken:
        self.run.read_copies()
        left, counts = batch.ranges, LoadCounts()
        most_bytes = streaming_of(self.config).max_bytes_at_once
        if self._consumer is None:
            self._consumer = self.broker.consumer()
        while True:
            portion = read_portion(self.broker, self._consumer, left, most_bytes)
            read = Batch(batch.topic, portion.read)
            counts += take_messages(self.run.session, self.config, read, topic_id, portion.messages)
            left = portion.left
            if not left:
                return Taken(batch.batch_id, batch.offsets, counts)

    def _refuse_foreign(self, batch: Batch) -> None:
        """Refuse a batch of a topic that hub.yaml does not name.

        Raises:
            StreamError: it is one.
        """
        if batch.topic not in streaming_of(self.config).topics:
            raise StreamError(
                f"hub.yaml does not name the topic {batch.topic} of this batch; nothing was read.",
                remedy="Put it back into `streaming.topics`, or end the runs that were planned for it.",
            )

    def _refuse_lost(self, batch: Batch, state: TopicState) -> None:
        stop = find_loss(batch.topic, state.partitions, batch)
        if stop is not None:
            raise StreamError(stop.message, remedy=stop.remedy)
        lows = {s.partition: s.low for s in state.partitions if s.stored is None}
        passed = [r for r in batch.ranges if r.partition in lows and r.start > lows[r.partition]]
        if passed:
            raise StreamError(
                f"The first batch of {batch.topic} begins behind messages that the broker still has (partition"
                f" {passed[0].partition}); nothing was read.",
                remedy="Plan anew: reset the cursor of the sensor, or run `partyhub stream run`.",
            )

    def close(self) -> None:
        """Let go of the broker."""
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None
