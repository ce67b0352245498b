"""Making the topics of a hub."""

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.cimpl import NewTopic

from partyhub_dagster.config.streaming import Streaming
from partyhub_dagster.errors import BrokerError
from partyhub_dagster.streaming.kafka import Broker

_NO_ANSWER = (KafkaError._TIMED_OUT, KafkaError._TRANSPORT, KafkaError.REQUEST_TIMED_OUT)  # noqa: SLF001 - public


def create_topics(
    broker: Broker, streaming: Streaming, partitions: int, replication: int | None
) -> dict[str, bool]:
    """Create the topics that are missing; return each with whether it was. One that is there stays as it is.

    The dead letter topic has one partition, as its order is that of no record.

    Raises:
        BrokerError: the broker does not answer, or refuses.
    """
    wanted = dict.fromkeys((*streaming.topics, streaming.confirmation_topic), partitions)
    wanted[streaming.dead_letter_topic] = 1
    admin = broker.admin()
    copies = -1 if replication is None else replication  # -1: as many as the broker makes by default
    asked = admin.create_topics(
        [NewTopic(topic, count, copies) for topic, count in wanted.items()], request_timeout=broker.timeout_s
    )
    created = {}
    for topic, answer in asked.items():
        try:
            answer.result()
        except KafkaException as error:
            code = error.args[0]
            if code.code() == KafkaError.TOPIC_ALREADY_EXISTS:
                created[topic] = False
                continue
            if code.code() in _NO_ANSWER:
                admin.poll(0)  # only now its clients' errors are told
                raise broker.silent("creating topics") from None
            raise BrokerError(
                f"The broker did not create topic {topic} ({code.name()}).",
                remedy="Check that this user may create topics and that there are as many brokers as copies, or"
                " have whoever looks after the brokers create it.",
            ) from None
        else:
            created[topic] = True
    return created
