"""What each part of matching brings: every comparison, family of blocking rules and step of clustering off in turn.

    python -m benchmarks.accuracy.ablation                              # every set of a few thousand records
    python -m benchmarks.accuracy.ablation --sets historical_50k

Each row is a whole build, with one `matching` section more in its hub.yaml, judged on the half `choose`; the row of
connected components takes the hub's own weights and joins whatever is linked, at the best of three weights. Writes the
table into docs/accuracy.md; sets that were not asked for keep theirs.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from benchmarks.accuracy.hubs import run_hub, write_half
from benchmarks.accuracy.judge import judge
from benchmarks.accuracy.page import put_into_page
from benchmarks.accuracy.readings import load
from benchmarks.accuracy.sets import SETS, LabelledSet
from partyhub_dagster.identity.components import connect
from partyhub_dagster.lake.connection import LakePlace

FIGURES = Path(__file__).with_name("ablation.json")
WHOLE = "everything"
SMALL = ("febrl3", "fake_1000", "chicago_childcare", "senzing_truthset")
HAS = {
    "name": "name_full is not null",
    "name_middle": "name_middle is not null",
    "name_suffix": "name_suffix is not null",
    "birth_date": "birth_date is not null",
    "address": "len(addresses) > 0",
    "phone": "len(phones) > 0",
    "email": "len(emails) > 0",
    "identifier": "len(ids) + len(weak_ids) > 0",
    "legal_form": "legal_form is not null",
    "website": "len(websites) > 0",
    "country": "country is not null",
}
"""Comparison -> whether a record has a value for it."""
FAMILIES = {
    "rare words of names": ["rare_name_token", "two_name_tokens", "name_token_and_city"],
    "names as written": [
        "name", "name_letters", "acronym", "name_start", "name_start_and_city", "name_start_and_region",
        "family_and_initial",
    ],
    "names as they sound": ["phonetic_and_postcode", "phonetic_and_birth_year", "phonetic_and_city"],
    "dates of birth": [
        "birth_date", "given_and_birth_date", "initial_and_birth_date", "family_initial_and_birth_date",
        "given_and_birth_year", "birth_day_and_family",
    ],
    "phone, e-mail, web site": ["phone", "phone_end", "email", "mailbox", "website"],
    "addresses": ["address", "house_and_postcode", "street_and_house", "postcode", "given_and_postcode"],
    "identifiers": ["identifier"],
}  # fmt: skip
CLUSTERING = {
    "large clusters merge as low as single records": {"doubling": 0},
    "no cap on what a pair counts": {"cap": 1000},
    "pairs never scored count as little against": {"miss": -2.5, "cut": -2},
    "merge down to a mean of -8 bits": {"miss": -12, "cut": -8, "keep": -8, "link": -8},
    "merge from a mean of 2 bits on": {"cut": 2, "link": 2},
}
COMPONENTS = "connected components instead of average linkage"
JOINED_FROM = (0, 5, 10)


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="*", default=list(SMALL))
    asked = parser.parse_args()
    figures: dict[str, dict[str, Any]] = load(FIGURES)
    for labelled in (labelled for labelled in SETS if labelled.name in asked.sets):
        held = figures[labelled.name] = {}
        for name, found in _measure(labelled):
            held[name] = found
            print(json.dumps({"set": labelled.name, "without": name, **found}), flush=True)
            FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    put_into_page("ablation", _table(figures))


def _measure(labelled: LabelledSet) -> Iterator[tuple[str, dict[str, Any]]]:
    with tempfile.TemporaryDirectory(prefix="partyhub-ablation-") as work:
        folder = Path(work)
        yield WHOLE, _figures(run_hub(labelled, folder, ["choose"]))
        home = folder / f"{labelled.name}_home"
        kinds, compared = _in_use(home)
        yield COMPONENTS, _components(labelled, home, folder)
        for name, matching in _variants(compared):
            yield name, _variant(labelled, folder, dict.fromkeys(kinds, matching))


def _variants(compared: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in compared:
        yield f"comparison {name}", {"disable": [name]}
    for family, rules in FAMILIES.items():
        yield f"blocking by {family}", {"blocking": {"disable": rules}}
    for step, thresholds in CLUSTERING.items():
        yield step, {"thresholds": thresholds}


def _in_use(home: Path) -> tuple[list[str], list[str]]:
    """Return the kinds of the set and the comparisons that have values to compare."""
    with LakePlace(home).connect(read_only=True) as con:
        kinds = [
            row[0]
            for row in con.execute("select distinct kind from normalized_parties order by 1").fetchall()
        ]
        counts = con.execute(
            f"select {', '.join(f'count(*) filter ({has})' for has in HAS.values())} from normalized_parties"
        ).fetchall()[0]
    return kinds, [name for name, count in zip(HAS, counts, strict=True) if count > 1]


def _variant(labelled: LabelledSet, work: Path, matching: dict[str, Any]) -> dict[str, Any]:
    """Build the set with a `matching` section more."""
    inner = work / "variant"
    shutil.copytree(labelled.folder, inner / labelled.name)
    config = inner / labelled.name / "hub.yaml"
    with config.open("a", encoding="utf-8") as written:
        written.write(f"\nmatching: {json.dumps(matching)}\n")
    try:
        return _figures(run_hub(labelled, inner, ["choose"]))
    finally:
        shutil.rmtree(inner)


def _figures(found: dict[str, Any]) -> dict[str, Any]:
    half = found["choose"]
    return {
        **half["pairs"],
        "blocking_recall": half["blocking_recall"],
        "pairs_each": found["pairs_per_record"],
    }


def _components(labelled: LabelledSet, home: Path, work: Path) -> dict[str, Any]:
    """Join whatever pairs of the built hub link, at the best of three weights."""
    with LakePlace(home).connect(read_only=True) as con:
        records = con.execute(
            "select source, source_record_id from source_parties where not deleted order by record_id"
        ).fetchall()
        edges = con.execute(
            "with codes as (select record_id, row_number() over (order by record_id) - 1 as code from source_parties"
            " where not deleted) select l.code as l, r.code as r, weight from match_edges as e"
            " join codes as l on l.record_id = e.record_id join codes as r on r.record_id = e.other_id"
            " where e.record_id < e.other_id and weight >= 0"
        ).fetchnumpy()
    left, right, bits = edges["l"], edges["r"], edges["weight"] / 1000
    truth, out, best = write_half(labelled, "choose", work), work / "components.csv", {"f1": -1.0}
    for least in JOINED_FROM:
        cluster = connect(len(records), left[bits >= least], right[bits >= least])
        sources, keys = zip(*records, strict=True)
        con = duckdb.connect()
        con.register("found", pa.table({"source": sources, "source_record_id": keys, "cluster": cluster}))
        con.execute(f"copy (from found) to '{out}' (header)")
        pairs = judge(out, truth)["pairs"]
        if pairs["f1"] > best["f1"]:
            best = pairs
    return best


def _table(figures: dict[str, dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for held in figures.values() for name in held if name != WHOLE))
    sets = [labelled.name for labelled in SETS if labelled.name in figures]
    lines = [f"| without, or otherwise | {' | '.join(sets)} |", f"|---|{'---:|' * len(sets)}"]
    whole = " | ".join(f"**{figures[name][WHOLE]['f1']:.4f}**" for name in sets)
    lines.append(f"| {WHOLE}: pairs F1 | {whole} |")
    for name in names:
        cells = [_gain(figures[of].get(name), figures[of][WHOLE]) for of in sets]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _gain(found: dict[str, Any] | None, whole: dict[str, Any]) -> str:
    return "" if found is None else f"{found['f1'] - whole['f1']:+.4f}"


if __name__ == "__main__":
    main()
