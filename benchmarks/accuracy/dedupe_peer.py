# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "dedupe==3.0.3", "affinegap==1.12", "highered==0.2.1", "simplecosine==1.2", "categorical-distance==1.9",
#     "dedupe-levenshtein-search==1.4.5", "doublemetaphone==1.2", "haversine==2.9.0", "pyhacrf-datamade==0.2.8",
#     "numpy==2.4.6", "scipy==1.17.1", "scikit-learn==1.9.1",
#     "btrees==6.1", # 6.5 has no `byValue`, which dedupe 3.0.3 calls
# ]
# ///
"""dedupe, which learns blocking and weights from labelled pairs; its figures are of entities not learnt from.

Its own `training_data_dedupe` makes the pairs: all that match among the taught records, and 2,000 drawn of them.
To choose its blocking it keeps, for each of its candidate rules, every pair that the rule puts together among up to
5,000 records, which takes more than 8 GB for febrl3; so for that it is given 2,000 records.
Usage: see benchmarks.accuracy.peer_protocol.
"""

import random
from itertools import islice

import dedupe
import numpy as np
from dedupe import variables

from benchmarks.accuracy.peer_protocol import Task, Ways, serve

VARIABLES = {
    "chicago_childcare": {"Site name": "String", "Address": "String", "Zip": "Exact", "Phone": "String"},
    "fake_1000": {
        "first_name": "String", "surname": "String", "dob": "String", "city": "ShortString", "email": "String",
    },
    "febrl3": {
        "given_name": "String", "surname": "String", "address_1": "String", "suburb": "String",
        "postcode": "ShortString", "date_of_birth": "String", "soc_sec_id": "String",
    },
}  # fmt: skip
"""Set -> column and the type of variable that the documentation gives for such values."""

BLOCKING_RECORDS = 2_000
"""Records that it chooses its blocking by: the first, as their order is one by hash."""


def cluster(task: Task) -> Ways:
    """Learn from the records with labels, then partition all of them at three thresholds."""
    random.seed(1)
    np.random.seed(1)  # dedupe draws from both
    types = VARIABLES[task.name]
    columns = {column: [value and value.lower() for value in task.columns[column]] for column in types}
    records = {at: {column: columns[column][at] for column in types} for at in range(len(task.ids))}
    taught = {at: {**records[at], "entity": entity} for at, entity in task.labels.items()}
    tool = dedupe.Dedupe(
        [getattr(variables, kind)(column, has_missing=True) for column, kind in types.items()],
        num_cores=0,  # here and below: one process, so that its peak of memory is seen
    )
    tool.classifier.n_jobs = 1
    tool.mark_pairs(dedupe.training_data_dedupe(taught, "entity", training_size=2_000))
    tool.prepare_training(dict(islice(records.items(), BLOCKING_RECORDS)))
    tool.train()
    scores = tool.score(tool.pairs(records))
    for threshold in (0.3, 0.5, 0.8):
        found = {
            at: f"cluster {n}"
            for n, (members, _) in enumerate(tool.cluster(scores, threshold))
            for at in members
        }
        yield str(threshold), [found.get(at, f"record {at}") for at in records]


if __name__ == "__main__":
    serve("dedupe", cluster)
