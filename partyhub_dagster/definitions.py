"""The code location that workspace.yaml names; the hub is that of the environment."""

from partyhub_dagster.orchestration.build import build_defs

defs = build_defs()
