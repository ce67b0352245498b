"""Source records as received: reading deliveries, rejecting rows with reasons, keeping versions.

Belongs here: readers, key and version checks, quarantine, load audit, the synthetic generator.
Not here: what a value means (`normalize`), the tables themselves (`lake`).

Law: every input row is stored, recognised as unchanged, or in quarantine with its reasons; the three add up.
"""
