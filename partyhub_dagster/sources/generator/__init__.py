"""A made-up world of people and companies, as three sources would deliver it, with the answer key.

Belongs here: the world (`persons`, `organizations`, `places`), how sources write it down (`crm`, `dnb`, `markit`), what
goes wrong on the way (`cases`, `noise`), deliveries over time (`feeds`) and their files.
Not here: reading files (`sources`), anything the hub needs at run time. The hub knows these sources by hub.yaml only.
Law: nothing describes a real person; the same arguments give the same bytes.
"""

from partyhub_dagster.sources.generator.generation import GeneratedCounts, generate

__all__ = ["GeneratedCounts", "generate"]
