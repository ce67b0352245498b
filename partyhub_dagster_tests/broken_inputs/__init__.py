"""Broken inputs: what stands in files that people really send, each with what must become of it.

`python -m partyhub_dagster_tests.broken_inputs` prints the table of docs/bad-inputs.md.
"""
