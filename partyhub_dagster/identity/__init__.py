"""Which records are one party, and the party ids that outlive every change of that answer.

Belongs here: standing decisions, components, parts, average linkage under constraints, ids by anchor,
lineage events. Everything but `stage` is a pure function over numpy arrays of key codes.
Not here: scoring pairs (`matching`), choosing values (`survivorship`), dagster (`orchestration`).

A *key code* is the rank of a record_id among the keys at hand, so code order is record_id order and
every tie ends in the same place. Keys are live records and the ends of decisions, present or not.
A *component* is what pairs and SAME decisions connect; a *part* is a component, or a piece of one that is
too large; an *atom* is what SAME binds before any weight is looked at; a *cluster* is one party.

Law: every live record is in exactly one party, named after the member first seen earliest; the answer
is a function of records, pairs, decisions and thresholds, never of the order in which they came.
"""
