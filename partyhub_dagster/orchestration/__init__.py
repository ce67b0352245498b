"""The hub as Dagster shows and runs it: assets, checks, jobs, a schedule, and running a job without a server.

Belongs here: everything that imports dagster; one file per stage in `assets`. Each asset calls one method of a
`hub.Run` and reports counts. Not here: what a stage does (the domain packages), the order of stages of a plain
build (`hub`).

Every step passes through `attempt`, so that what a library says of a value never reaches Dagster's events.
"""
