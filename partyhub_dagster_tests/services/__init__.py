"""Kafka and S3 as real servers on this machine, without Docker: for tests, benchmarks and trying things out.

Belongs here: getting the programs, starting and ending them, the fixtures that lead tests to them.
Not here: what the hub does with them (`partyhub_dagster.streaming`, `partyhub_dagster.publish`).

Everything listens on 127.0.0.1 alone. Programs are kept in a cache of the person (`PARTYHUB_SERVICES_CACHE`, by default
`~/.cache/partyhub-services`), keyed by version; data, logs and addresses in a folder of this checkout
(`PARTYHUB_SERVICES`, by default `.services`), so several checkouts live side by side.
"""
