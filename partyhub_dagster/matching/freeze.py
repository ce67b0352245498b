"""Freezing a model: which blocking rules are worth their pairs, which keys bring none, and how high `link` must be."""

from typing import Any

import duckdb

from partyhub_dagster.config import MatchSettings
from partyhub_dagster.matching.blocking import create_keys_of, namesakes_among, rules_of
from partyhub_dagster.matching.model import MatchModel
from partyhub_dagster.matching.pairs import COMMON_KEY, block_sizes, create_pairs, large_blocks
from partyhub_dagster.matching.score import name_records, score_blocked_pairs, take_pairs
from partyhub_dagster.matching.trial import COMMON_PAIRS, Array, Trial

WORTH = 0.02
"""A rule joins when it brings at least so many expected matches per new pair."""

LEAST_GAIN = 0.001
"""... and at least this share of the matches found without it."""

LEAST_LOSS = 0.001
"""Common names bring no pairs when without them no larger share of the matches is missed."""

CHEAP_PAIRS = 300_000
"""Up to so many pairs in all, any gain is worth its pairs: they are scored in a second or two."""

MOST_PAIRS_PER_RECORD = 60

LARGEST_COMPONENT = 0.1
"""`link` is raised until no component holds a larger share of the records ..."""

HARMLESS_COMPONENT = 100
"""... but not for components of so few records, which clustering takes apart by itself."""

EXPECTED_AT = (-4, -2, 0, 2, 5, 10, 15, 20)
"""Weights, in bits, for which the card of a model says what to expect."""

LEAST_RECORDS = 1_000
LINK_STEP = 0.5
HIGHEST_LINK = 8.0


def create_all_keys(
    con: duckdb.DuckDBPyConnection,
    model: MatchModel,
    records: str,
    settings: MatchSettings,
    out: str,
    sizes: str,
) -> None:
    """Create the keys (rule, key_hash, rid) of all rules that the settings allow, chosen or not, and their `sizes`.

    `rid` is that of features of the same records.
    """
    allowed = [rule for rule in rules_of(model.kind) if rule.name not in settings.blocking.disable]
    create_keys_of(con, model, records, allowed, out)
    con.execute(f"drop table ph_key_records; create or replace temp table {sizes} as {block_sizes(out)}")


def freeze_stop_keys(con: duckdb.DuckDBPyConnection, model: MatchModel, sizes: str) -> MatchModel:
    """Make a stop key of every block above its limit: placeholders, switchboards, the commonest names.

    Reads the `sizes` of the blocks of all keys.
    """
    every = model.with_blocking(rules=[rule.name for rule in rules_of(model.kind)])
    return model.with_stop_keys((rule, key) for rule, key, _ in large_blocks(con, every, sizes))


def stop_common_names(
    con: duckdb.DuckDBPyConnection, model: MatchModel, trial: Trial, settings: MatchSettings, sizes: str
) -> tuple[MatchModel, Trial]:
    """Make stop keys of common names where hardly a match is found by them alone, as in large clean data.

    Returns the trial without the pairs that went, too. Reads the `sizes` of the blocks of all keys.
    """
    core, _ = rules_to_try(model, settings)
    names = namesakes_among(model.kind, core)
    without = trial.without_common_keys(names)
    found, left = trial.finds(core), without.finds(core)
    if trial.records < LEAST_RECORDS or found.sum() * trial.scale <= CHEAP_PAIRS:
        return model, trial
    chance = _chances(model, trial)
    matches = trial.expected_matches(chance, found, found)
    missed = trial.expected_matches(chance, found & ~left, found & ~left, COMMON_PAIRS)
    if missed > LEAST_LOSS * matches:
        return model, trial
    common = con.execute(
        f"select rule, key_hash from {sizes} where n > {COMMON_KEY} and list_contains($names, rule)",
        {"names": names},
    ).fetchall()
    return model.with_stop_keys(common), without


def choose_rules(model: MatchModel, trial: Trial, settings: MatchSettings) -> MatchModel:
    """Try each further rule on top of those chosen so far, and keep it when its matches are worth its pairs.

    Reads a `trial` of these rules; the model may differ from what was tried in its prior.
    """
    chosen, others = rules_to_try(model, settings)
    if trial.records < LEAST_RECORDS:
        chosen = model.rules
    else:
        chance = _chances(model, trial)
        core = found = trial.finds(chosen)
        held, matches = found.sum() * trial.scale, trial.expected_matches(chance, found, core)
        for rule in others:
            finds = trial.finds([rule])
            new = finds & ~found
            pairs = new.sum() * trial.scale
            if pairs == 0 or held + pairs > max(MOST_PAIRS_PER_RECORD * trial.records, CHEAP_PAIRS):
                continue
            gain = trial.expected_matches(chance, new, finds & ~core)
            cheap = held + pairs <= CHEAP_PAIRS
            if (cheap or gain >= WORTH * pairs) and gain >= LEAST_GAIN * matches:
                chosen = [*chosen, rule]
                held, matches, found = held + pairs, matches + gain, found | new
    stop_keys = {rule: held for rule, held in model.stop_keys.items() if rule in chosen}
    return model.with_blocking(rules=chosen, stop_keys=stop_keys)


def _chances(model: MatchModel, trial: Trial) -> Array:
    """Return how likely each scored pair is one party; below `link` it is taken for none."""
    import numpy as np

    bits = trial.bits_under(model.artefact["prior"])
    return np.where(bits < model.thresholds.link, 0.0, 1 / (1 + np.exp2(-bits)))


def rules_to_try(model: MatchModel, settings: MatchSettings) -> tuple[list[str], list[str]]:
    """Return the rules that every model has, and those that must be worth their pairs."""
    allowed = [rule for rule in rules_of(model.kind) if rule.name not in settings.blocking.disable]
    core = [rule.name for rule in allowed if rule.tier == "core"]
    return core, [rule.name for rule in allowed if rule.tier != "core"]


def score_all(con: duckdb.DuckDBPyConnection, model: MatchModel, features: str, keys: str, out: str) -> int:
    """Create temp table `out` of all pairs that the model compares, scored as `score_pairs` does; say how many."""
    create_pairs(con, model, keys, None, "ph_every_pair", named="rid")
    take_pairs(con, "ph_every_pair")
    [(pairs,)] = con.execute("select count(*) from ph_every_pair").fetchall()
    con.execute("drop table ph_every_pair")
    score_blocked_pairs(con, model, features, out)
    name_records(con, features, out)
    return int(pairs)


def raise_link(
    con: duckdb.DuckDBPyConnection, model: MatchModel, scored: str, pairs: int, settings: MatchSettings
) -> MatchModel:
    """Raise `link` until the largest component is small enough, unless hub.yaml sets it or there is too little data."""
    size = model.artefact["trained_on"]["records"]
    link, largest = model.thresholds.link, 0
    if size >= LEAST_RECORDS and "link" not in settings.thresholds.model_fields_set:
        link, largest = _lowest_safe_link(con, scored, link, size)
    [(linked,)] = con.execute(
        f"select count(*) from {scored} where weight >= {round(link * 1000)}"
    ).fetchall()
    expected = _expected_by_weight(con, scored)
    raised = {"link_raised_from": model.thresholds.link} if link > model.thresholds.link else {}
    metrics = {
        "pairs": pairs,
        "linked_pairs": linked,
        "largest_component": largest,
        "expected": expected,
    } | raised
    return model.with_parts(
        thresholds={**model.artefact["thresholds"], "link": link},
        metrics={**model.metrics, **metrics},
        outgrown={"records": 2 * size, "pairs_per_record": round(2.0 * pairs / max(size, 1), 3)},
    )


def _expected_by_weight(con: duckdb.DuckDBPyConnection, scored: str) -> list[dict[str, float]]:
    """Say what to expect of the pairs from a weight on, as far as the model knows itself.

    Precision is the mean of their probabilities; recall is their share of the matches expected among all scored pairs.
    """
    import numpy as np

    counted = con.execute(
        f"select weight, count(*) as pairs from {scored} group by weight order by weight desc"
    ).fetchnumpy()
    pairs = np.asarray(counted["pairs"])
    weights = np.asarray(counted["weight"])
    matches = pairs / (1 + np.exp2(-weights / 1000.0))
    total = float(matches.sum())
    found = []
    for bits in EXPECTED_AT:
        above = weights >= bits * 1000
        held, sure = int(pairs[above].sum()), float(matches[above].sum())
        if held:
            found.append({"weight": bits, "pairs": held, "precision": sure / held, "recall": sure / total})
    return found


def _lowest_safe_link(
    con: duckdb.DuckDBPyConnection, scored: str, lowest: float, size: int
) -> tuple[float, int]:
    left, right, weight = coded_pairs(con, scored)
    link = lowest
    while True:
        kept = weight >= round(link * 1000)
        largest = _largest_component(left[kept], right[kept])
        if largest <= max(LARGEST_COMPONENT * size, HARMLESS_COMPONENT) or link >= HIGHEST_LINK:
            return link, largest
        link += LINK_STEP


def coded_pairs(con: duckdb.DuckDBPyConnection, scored: str) -> tuple[Any, Any, Any]:
    """Return scored pairs as arrays of 64-bit integers: two codes, by the order of ids, and the weight in millibits."""
    import numpy as np

    pairs = con.execute(
        f"with ids as ({codes_of(scored)}) select l.code as l, r.code as r, weight from {scored}"
        " join ids as l on l.record_id = record_id_l join ids as r on r.record_id = record_id_r"
    ).fetchnumpy()
    left, right, weight = (np.asarray(pairs[name], dtype=np.int64) for name in ("l", "r", "weight"))
    return left, right, weight


def codes_of(scored: str) -> str:
    """Return the query of (record_id, code): the codes of `coded_pairs`."""
    ids = f"select record_id_l as record_id from {scored} union select record_id_r from {scored}"
    return f"select record_id, row_number() over (order by record_id) - 1 as code from ({ids})"


def _largest_component(left: Any, right: Any) -> int:
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if len(left) == 0:
        return 1
    nodes = int(max(left.max(), right.max())) + 1
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(nodes, nodes))
    _, labels = connected_components(graph, directed=False)
    return int(np.bincount(labels).max())
