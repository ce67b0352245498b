"""Which pairs of records are compared, and how much evidence each pair holds that it is one party.

Belongs here: the frozen model (train, freeze, load), blocking keys, pairs, scoring, explaining a pair.
Not here: cleaning values (`normalize`), deciding on parties (`identity`), storing anything (`lake`), dagster.

A pair's weight is a function of its two records and the model alone: the same in a full run, in a delta of one
record, and in `explain`. Splink does the scoring; what it learns is frozen, so scoring never retrains.
"""
