"""The store: one DuckLake, its tables, and the only ways to write to it and to read what changed.

Belongs here: table definitions, connections, the write gate and epochs, differences, watermarks, deltas, releases.
Not here: what a stage computes (the domain packages), when it runs (`orchestration`).

Laws kept here: a write either lands whole or not at all; only rows that differ are written; every row says in
which epoch it was last written; readers see releases.
"""
