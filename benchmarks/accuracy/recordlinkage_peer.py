# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "recordlinkage==0.16", "jellyfish==1.3.0", "pandas==2.3.3", "numpy==2.4.6", "scipy==1.17.1",
#     "scikit-learn==1.9.1",
# ]
# ///
"""Python Record Linkage Toolkit, as its guide to deduplication has it, without labels.

febrl3 has the comparisons of the guide (it shows them on a sister set) and the other sets the same kind: names and
lines by Jaro-Winkler at 0.85, all else exact. Blocking is wider than in the guide. Three ways: pairs with more than
half of the comparisons equal, as in the guide; with more than two thirds; and the ECM classifier, which learns without
labels. Clusters are connected components. Usage: see benchmarks.accuracy.peer_protocol.
"""

from typing import NamedTuple

import pandas as pd
import recordlinkage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from benchmarks.accuracy.peer_protocol import Task, Ways, serve


class Settings(NamedTuple):
    """Columns compared by likeness, columns compared exactly, and the blocks, each of one or more columns."""

    alike: list[str]
    exact: list[str]
    blocks: list[list[str]]


SETTINGS = {
    "febrl3": Settings(
        ["surname", "address_1"],
        ["given_name", "date_of_birth", "suburb", "state"],
        [["given_name"], ["surname"], ["date_of_birth"], ["soc_sec_id"], ["postcode"]],
    ),
    "fake_1000": Settings(
        ["first_name", "surname", "email"],
        ["dob", "city"],
        [["first_name"], ["surname"], ["dob"], ["email"]],
    ),
    "historical_50k": Settings(
        ["first_name", "surname"],
        ["dob", "birth_place", "postcode_fake", "occupation"],
        [["first_name", "surname"], ["surname", "dob"], ["first_name", "dob"], ["postcode_fake", "first_name"],
         ["postcode_fake", "surname"], ["dob", "birth_place"], ["dob", "postcode_fake"]],
    ),
    "chicago_childcare": Settings(
        ["Site name", "Address"],
        ["Zip", "Phone"],
        [["Site name"], ["Phone"], ["Address"]],
    ),
}  # fmt: skip


def cluster(task: Task) -> Ways:
    """Block, compare, and join what agrees."""
    settings = SETTINGS[task.name]
    records = pd.DataFrame(task.columns)
    for column in settings.alike:
        records[column] = records[column].str.lower()
    indexer = recordlinkage.Index()
    for block in settings.blocks:
        indexer.block(block)
    pairs = indexer.index(records)
    compare = recordlinkage.Compare()
    for column in settings.alike:
        compare.string(column, column, method="jarowinkler", threshold=0.85, label=column)
    for column in settings.exact:
        compare.exact(column, column, label=column)
    agreed = compare.compute(pairs, records)
    total = agreed.sum(axis=1)
    for name, share in (("more than a half", 1 / 2), ("more than two thirds", 2 / 3)):
        yield name, _components(len(records), pairs[total > share * agreed.shape[1]])
    yield "ECM", _components(len(records), recordlinkage.ECMClassifier(binarize=0.5).fit_predict(agreed))


def _components(records: int, links: pd.MultiIndex) -> list[int]:
    left, right = links.get_level_values(0), links.get_level_values(1)
    graph = coo_array(([True] * len(links), (left, right)), shape=(records, records))
    return connected_components(graph, directed=False)[1].tolist()


if __name__ == "__main__":
    serve("recordlinkage", cluster)
