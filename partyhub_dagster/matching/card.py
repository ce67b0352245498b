"""The card of a model: what it was made from, what it says, how sure it is, and what to beware of. Never a value."""

import math
from collections.abc import Mapping
from typing import Any

from partyhub_dagster.matching.comparisons import comparisons_of
from partyhub_dagster.matching.default_weights import default_weights
from partyhub_dagster.matching.model import MatchModel

FEW_RECORDS = 100
"""Records of a source that tell little of it."""
LEAST_LEARNED = 0.1
"""Bits by which a learned weight differs from the shipped one: levels never seen are only scaled to the others."""


def model_card(model: MatchModel) -> dict[str, Any]:
    """Return the card as programs read it. Units: weights in bits; `m` and `u` are shares of true and random pairs."""
    artefact = model.artefact
    shipped = default_weights(model.kind)
    return {
        "version": model.version,
        "kind": model.kind,
        "origin": model.origin,
        "format": artefact["format"],
        "records": artefact["trained_on"]["records"],
        "sources": dict(model.trained_on),
        "one_pair_in": round(1 / artefact["prior"]),
        "thresholds": dict(artefact["thresholds"]),
        "comparisons": [
            {
                "name": name,
                "learned": _is_learned(levels, shipped[name]),
                "levels": [
                    {"name": level, "m": m, "u": u, "weight": round(_bits(m, u), 2)}
                    for level in shipped[name]  # in the order of the ladder
                    for m, u in [levels[level]]
                ],
            }
            for name, levels in artefact["comparisons"].items()
        ],
        "blocking": {
            "rules": model.rules,
            "stop_keys": {rule: len(keys) for rule, keys in model.stop_keys.items()},
        },
        "values_counted": {field: len(held["counts"]) for field, held in artefact["frequencies"].items()},
        "measured": {
            name: held for name, held in model.metrics.items() if name not in ("expected", "labels")
        },
        "labels": model.metrics.get("labels"),
        "expected": list(model.metrics.get("expected", ())),
        "warnings": _warnings(model, shipped),
    }


def _is_learned(levels: Mapping[str, Any], shipped: Mapping[str, Any]) -> bool:
    return any(abs(_bits(*mu) - _bits(*shipped[name])) >= LEAST_LEARNED for name, mu in levels.items())


def _bits(m: float, u: float) -> float:
    return math.log2(m / u)


def _warnings(model: MatchModel, shipped: Mapping[str, Any]) -> list[str]:
    found = []
    if model.origin == "shipped":
        found.append("Its weights are shipped ones: there were too few records to learn from.")
    else:
        fixed = {c.name for c in comparisons_of(model.kind) if all(level.fixed for level in c.weighted)}
        held = model.artefact["comparisons"]
        kept = [n for n in held if n not in fixed and not _is_learned(held[n], shipped[n])]
        if kept:
            found.append(f"The data did not teach {', '.join(kept)}: shipped weights.")
    found += [
        f"Source {name} had {count:,} records: little was seen of it."
        for name, count in sorted(model.trained_on.items())
        if count < FEW_RECORDS
    ]
    if (usual := model.metrics.get("link_raised_from")) is not None:
        link = model.thresholds.link
        found.append(f"`link` is {link:g} and not {usual:g}: below it too many records hung together.")
    if not model.metrics.get("expected"):
        found.append("What precision to expect was not measured when it was made.")
    return found
