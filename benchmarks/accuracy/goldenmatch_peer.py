# /// script
# requires-python = ">=3.11"
# dependencies = ["goldenmatch==3.22.0", "goldenmatch-native==0.2.3", "goldenphonetic==0.2.0", "pyarrow==26.0.1"]
# ///
"""GoldenMatch without labels and without language models, in three ways.

Its zero-config; its zero-config of the probabilistic kind; and columns named as its quick example of explicit settings
names them, exact for what identifies and fuzzy for the rest. Usage: see benchmarks.accuracy.peer_protocol.
"""

import os

os.environ |= {
    # Its search for a configuration ends when its seconds are over; so that a busy machine does not lower its
    # accuracy, it ends by its number of steps alone.
    "GOLDENMATCH_AUTOCONFIG_DETERMINISTIC": "1",
    "GOLDENMATCH_AUTOCONFIG_MEMORY": "0",  # nothing learnt from runs before, nothing left in the home
}

import contextlib
import sys
from typing import Any

import goldenmatch
import pyarrow as pa

from benchmarks.accuracy.peer_protocol import Task, Ways, serve

EXPLICIT: dict[str, dict[str, Any]] = {
    "historical_50k": {
        "fuzzy": {"first_name": 0.8, "surname": 0.8, "dob": 0.8, "postcode_fake": 0.8},
        "blocking": ["postcode_fake"],
    },
    "febrl3": {
        "exact": ["soc_sec_id"],
        "fuzzy": {"given_name": 0.8, "surname": 0.8, "date_of_birth": 0.8, "address_1": 0.8},
        "blocking": ["postcode"],
    },
    "fake_1000": {
        "exact": ["email"],
        "fuzzy": {"first_name": 0.8, "surname": 0.8, "dob": 0.8},
        "blocking": ["dob"],
    },
    "chicago_childcare": {"fuzzy": {"Site name": 0.85, "Address": 0.8}, "blocking": ["Phone"]},
    "senzing_truthset": {
        "exact": ["EMAIL_ADDRESS", "PHONE_NUMBER", "SSN_NUMBER", "PASSPORT_NUMBER", "NATIONAL_ID_NUMBER"],
    },
}


def cluster(task: Task) -> Ways:
    """Cluster by both kinds of configuration that GoldenMatch makes by itself, and by named columns."""
    records = pa.table(task.columns)
    with contextlib.redirect_stdout(sys.stderr):
        yield "zero-config", _clusters(goldenmatch.dedupe_df(records, confidence_required=False))
        config = goldenmatch.auto_configure_probabilistic_df(records)
        yield "probabilistic", _clusters(goldenmatch.dedupe_df(records, config=config))
        yield "explicit", _clusters(goldenmatch.dedupe_df(records, **EXPLICIT[task.name]))


def _clusters(result: Any) -> list[str]:
    found = {at: f"cluster {key}" for key, held in result.clusters.items() for at in held["members"]}
    return [found.get(at, f"record {at}") for at in range(result.stats["total_records"])]


if __name__ == "__main__":
    serve("goldenmatch", cluster)
