"""Events that come by Kafka: which messages are read, what they say, and what is told back.

Belongs here: the schema of events, planning of offset ranges, reading exactly those ranges, what becomes of messages
that cannot be used, confirmations. The only package that uses a Kafka client.
Not here: how a row becomes a version of a record (`sources`), the stages after that (`hub`), sensors and jobs
(`orchestration`).

Law: every message of a range is stored, recognised as known, or in quarantine with its reasons; what was read is known
by `stream_offsets` alone, which moves in the same transaction as the records.
"""
