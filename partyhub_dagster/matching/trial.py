"""Trying blocking rules on a sample: which pairs each finds, and how likely those are to be one party.

All rules are tried at once: pairs are found and scored one time, whatever is asked of them afterwards.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from partyhub_dagster.matching.blocking import namesakes_among
from partyhub_dagster.matching.model import MatchModel
from partyhub_dagster.matching.pairs import create_pairs
from partyhub_dagster.matching.score import score_blocked_pairs, take_pairs

TRIED_PAIRS = 3_000_000
"""About so many pairs are found: all there are, or those that touch a sample of the records."""

PRIOR_PAIRS = 100_000
"""Pairs of the model's own rules that are scored, from which the prior is estimated."""

COMMON_PAIRS = 100_000
"""Pairs that only common names bring, that are scored: matches are few among them."""

SAMPLED_PAIRS = 5_000
"""Pairs of the core rules, and of each other rule beside them, that are scored to estimate what they bring."""

_KEEP_ALL = -1_000.0

Array = Any
"""A numpy array."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Pairs of records, in an order by hash.

    Units: `scale` is how many pairs of all records one of these stands for. Bits 2n and 2n + 1 of `found_by` are
    rule n of `rules` by a key that few share, and by a common one (see `create_pairs`).
    `bits` is the weight under the `prior` that was tried, nan where a pair was not scored.
    """

    records: int
    scale: float
    prior: float
    rules: list[str]
    found_by: Array
    bits: Array

    def finds(self, rules: Sequence[str]) -> Array:
        """Tell of each pair whether any of the rules finds it."""
        return (self.found_by & self._mask(rules, 0b11)) != 0

    def without_common_keys(self, rules: Sequence[str]) -> "Trial":
        """Return what comes of the trial when the common keys of these rules bring no pairs."""
        return replace(self, found_by=self.found_by & ~self._mask(rules, 0b10))

    def _mask(self, rules: Sequence[str], bits: int) -> int:
        return sum(bits << 2 * self.rules.index(rule) for rule in rules)

    def bits_under(self, prior: float) -> Array:
        """Return the weights under another prior."""
        return self.bits + _log_odds(prior) - _log_odds(self.prior)

    def expected_matches(
        self, chance: Array, pairs: Array, among: Array, sampled: int = SAMPLED_PAIRS
    ) -> float:
        """Estimate the matches of all records in some of the pairs, from what was scored of the pairs `among`."""
        seen = _first(among, sampled)
        seen = seen[pairs[seen]]
        return float(chance[seen].mean() * pairs.sum()) * self.scale if len(seen) else 0.0


def _first(pairs: Array, most: int) -> Array:
    """Return the places of the first of these pairs: a sample, as their order is one by hash."""
    import numpy as np

    return np.flatnonzero(pairs)[:most]


def _log_odds(chance: float) -> float:
    return math.log2(chance / (1 - chance))


def try_rules(
    con: duckdb.DuckDBPyConnection,
    model: MatchModel,
    features: str,
    keys: str,
    sizes: str,
    core: list[str],
    others: list[str],
) -> Trial:
    """Try the rules `core` together, and each of `others` on top of them.

    Reads the model's `features` of all records, and `keys` (rule, key_hash, rid) of all these rules with
    the `sizes` of their blocks.
    """
    import numpy as np

    model = model.with_parts(thresholds={**model.artefact["thresholds"], "keep": _KEEP_ALL})
    tried = model.with_blocking(rules=[*core, *others])
    size, sampled = _sample_records(con, tried, features, sizes)
    sample = None if sampled == size else "ph_tried_records"
    create_pairs(con, tried, keys, sample, "ph_tried", found_by=True, named="rid")
    con.execute(
        "create or replace temp table ph_tried_pairs as select rid_l, rid_r, found_by, row_number() over"
        " (order by hash(l.record_id, r.record_id), rid_l, rid_r) - 1 as place from ph_tried"
        f" join {features} as l on l.rid = rid_l join {features} as r on r.rid = rid_r"
    )
    found_by = con.execute("select found_by from ph_tried_pairs order by place").fetchnumpy()["found_by"]
    scale = (
        math.comb(size, 2) / (math.comb(size, 2) - math.comb(size - sampled, 2)) if sampled < size else 1.0
    )
    trial = Trial(size, scale, model.artefact["prior"], tried.rules, found_by, np.full(len(found_by), np.nan))
    in_core = trial.finds(core)
    left = trial.without_common_keys(namesakes_among(model.kind, core)).finds(core)
    wanted = [_first(trial.finds(model.rules), PRIOR_PAIRS), _first(in_core & ~left, COMMON_PAIRS)]
    for found in (in_core, left):
        wanted += [_first(found, SAMPLED_PAIRS)]
        wanted += [_first(trial.finds([rule]) & ~found, SAMPLED_PAIRS) for rule in others]
    _score(con, model, features, trial, np.unique(np.concatenate(wanted)))
    for table in ("ph_tried_records", "ph_tried", "ph_tried_pairs"):
        con.execute(f"drop table {table}")
    return trial


def _sample_records(
    con: duckdb.DuckDBPyConnection, model: MatchModel, features: str, sizes: str
) -> tuple[int, int]:
    """Create `ph_tried_records`: by hash, so many records that pairs touch them; return how many of how many."""
    [(pairs,)] = con.execute(
        f"select coalesce(sum(n * (n - 1) / 2), 0) from {sizes}"
        " join (select unnest($rules) as rule, unnest($limits) as most) using (rule) where n <= most",
        {"rules": model.rules, "limits": [model.block_limit(rule) for rule in model.rules]},
    ).fetchall()
    [(size,)] = con.execute(f"select count(*) from {features}").fetchall()
    # a pair touches the sample unless it misses it twice
    share = 1.0 if pairs <= TRIED_PAIRS else 1 - math.sqrt(1 - TRIED_PAIRS / pairs)
    sampled = math.ceil(share * size)
    con.execute(
        f"create or replace temp table ph_tried_records as select rid from {features}"
        f" order by hash(record_id), record_id limit {sampled}"
    )
    return size, sampled


def _score(
    con: duckdb.DuckDBPyConnection, model: MatchModel, features: str, trial: Trial, places: Array
) -> None:
    """Score the pairs at these places."""
    import numpy as np
    import pyarrow as pa

    con.register("ph_tried_places", pa.table({"place": places}))
    take_pairs(con, "(from ph_tried_pairs semi join ph_tried_places using (place))")
    con.unregister("ph_tried_places")
    score_blocked_pairs(con, model, features, "ph_tried_scores")
    found = con.execute(
        "select place, weight from ph_tried_scores join ph_tried_pairs using (rid_l, rid_r)"
    ).fetchnumpy()
    trial.bits[found["place"]] = np.asarray(found["weight"]) / 1000.0
    con.execute("drop table ph_tried_scores")
