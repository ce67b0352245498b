"""What the labels of an audit say: precision and recall with intervals, whole, by kind and by source."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from partyhub_dagster.answers.audit_draw import Audit, Drawn, Sizes
from partyhub_dagster.answers.audit_frame import BANDS
from partyhub_dagster.answers.audit_interval import Stratum, estimate_precision, estimate_recall

_ENOUGH = 3
"""Labels of one source in a stratum below which those of all sources stand in for them."""


def report_audit(audit: Audit, labels: Mapping[str, bool], unsure: int = 0) -> dict[str, Any]:
    """Estimate precision and recall of pairs from labels by pair id: true for one party.

    Pairs about which people were unsure count as not drawn. A source stands for the pairs with a record of it.
    """
    kinds = sorted({kind for kind, _ in audit.sizes})
    labelled = [pair for pair in audit.pairs if pair.pair_id in labels]
    return {
        "release": audit.release,
        "seed": audit.seed,
        "labels": len(labelled),
        "unsure": unsure,
        "unlabelled": len(audit.pairs) - len(labelled) - unsure,
        "all": _figures(audit, labels, audit.sizes, lambda _: True),
        "kinds": {
            kind: _figures(audit, labels, _of_kind(audit.sizes, kind), lambda _: True) for kind in kinds
        },
        "sources": {source: _of_source(audit, labels, source) for source in sorted(audit.by_source)},
        "strata": [
            {
                "kind": kind, "band": BANDS[band].name, "group": BANDS[band].group, "pairs": round(size),
                "labels": found.labelled, "one_party": found.matches,
            }
            for (kind, band), size in sorted(audit.sizes.items())
            for found in [_count(audit, labels, kind, band, size, lambda _: True)]
        ],
    }  # fmt: skip


def _of_kind(sizes: Sizes, kind: str) -> Sizes:
    return {stratum: size for stratum, size in sizes.items() if stratum[0] == kind}


def _of_source(audit: Audit, labels: Mapping[str, bool], source: str) -> dict[str, Any]:
    return _figures(audit, labels, audit.by_source[source], lambda pair: source in pair.sources)


Wanted = Callable[[Drawn], bool]


def _figures(audit: Audit, labels: Mapping[str, bool], sizes: Sizes, wanted: Wanted) -> dict[str, Any]:
    strata = []
    for (kind, band), size in sizes.items():
        found = _count(audit, labels, kind, band, size, wanted)
        if found.labelled < _ENOUGH:  # borrow what all sources say of such pairs, at this source's size
            found = _count(audit, labels, kind, band, size, lambda _: True)
        strata.append(found)
    return {
        "labels": sum(pair.pair_id in labels and wanted(pair) and (pair.kind, pair.band) in sizes
                      for pair in audit.pairs),
        "precision": asdict(estimate_precision(strata)),
        "recall": asdict(estimate_recall(strata)),
    }  # fmt: skip


def _count(
    audit: Audit, labels: Mapping[str, bool], kind: str, band: int, size: float, wanted: Wanted
) -> Stratum:
    found = [
        labels[pair.pair_id]
        for pair in audit.pairs
        if pair.kind == kind and pair.band == band and pair.pair_id in labels and wanted(pair)
    ]
    return Stratum(BANDS[band].group == "joined", size, len(found), sum(found))
