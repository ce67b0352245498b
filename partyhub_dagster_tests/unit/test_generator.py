"""What the generator writes: the same bytes each time, nobody's data, and every case that its answer key names."""

import csv
import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from partyhub_dagster.config import load_config
from partyhub_dagster.errors import SourceError
from partyhub_dagster.sources.generator import GeneratedCounts, generate
from partyhub_dagster.sources.generator.cases import HARD_CASES, branch_counts
from partyhub_dagster_tests.unit.generated_files import Row, read_delivery, read_truth

DELIVERIES = 3


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, GeneratedCounts]:
    out = tmp_path_factory.mktemp("generated")
    return out, generate(out, records=2_000, seed=11, changes=DELIVERIES)


@pytest.fixture(scope="module")
def rows(world: tuple[Path, GeneratedCounts]) -> dict[str, list[Row]]:
    """Good rows of every delivery, in order of delivery, by source."""
    out, _ = world
    folders = [out / "inbox", *(out / "later" / f"{n:03}" for n in range(1, DELIVERIES + 1))]
    delivered: dict[str, list[Row]] = defaultdict(list)
    for number, folder in enumerate(folders):
        for source, found in read_delivery(folder, number).items():
            delivered[source] += found
    return delivered


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_arguments_give_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    generate(tmp_path / "here", records=300, seed=5, changes=2)
    code = (
        "import sys; from pathlib import Path; from partyhub_dagster.sources.generator import generate;"
        "generate(Path(sys.argv[1]), records=300, seed=5, changes=2)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "there")], check=True, env=environment, timeout=60
    )
    assert _digests(tmp_path / "here") == _digests(tmp_path / "there")


def test_another_seed_gives_other_records(tmp_path: Path) -> None:
    for seed in (1, 2):
        generate(tmp_path / str(seed), records=200, seed=seed)
    same = _digests(tmp_path / "1").items() & _digests(tmp_path / "2").items()
    assert {name for name, _ in same} == {"hub.yaml"}


def test_every_hard_case_is_in_the_answer_key_and_none_is_common(world: tuple[Path, GeneratedCounts]) -> None:
    out, counts = world
    found = Counter(row["hard_case"] for row in read_truth(out))
    plain = found.pop("")
    assert set(found) == set(HARD_CASES)
    assert found == counts.hard_cases
    assert max(found.values()) < 0.05 * counts.truth_rows
    assert plain > 0.7 * counts.truth_rows


def test_the_answer_key_names_exactly_the_records_that_ever_appear(
    world: tuple[Path, GeneratedCounts], rows: dict[str, list[Row]]
) -> None:
    out, counts = world
    listed = [(row["source"], row["source_record_id"]) for row in read_truth(out)]
    assert len(listed) == len(set(listed)) == counts.truth_rows
    assert set(listed) == {(source, row.key) for source, found in rows.items() for row in found}


def test_counts_are_what_the_files_hold(
    world: tuple[Path, GeneratedCounts], rows: dict[str, list[Row]]
) -> None:
    out, counts = world
    first = {source: sum(row.delivery == 0 for row in found) for source, found in rows.items()}
    assert first == counts.by_source == {"crm": 1200, "dnb": 500, "markit": 300}
    assert counts.records == 2_000
    with (out / "inbox" / "crm" / "000.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    bad = [line for line in lines[1:] if len(line) != len(lines[0]) or not line[0]]
    assert len(bad) == counts.malformed >= 3
    assert any(not line[0] for line in bad)
    assert any(len(line) < len(lines[0]) for line in bad)
    assert any(len(line) > len(lines[0]) for line in bad)


def test_parties_have_about_1_6_records_and_companies_are_in_both_sources(
    world: tuple[Path, GeneratedCounts],
) -> None:
    out, counts = world
    assert 1.45 < counts.truth_rows / (counts.persons + counts.organizations) < 1.75
    sources = defaultdict(list)
    for row in read_truth(out):
        sources[row["entity_id"]].append(row["source"])
    assert sum({"dnb", "markit"} <= set(held) for held in sources.values()) > 50
    assert any(held.count("crm") > 2 for held in sources.values())
    assert any(held.count("dnb") > 1 for held in sources.values())


def test_the_hub_yaml_is_valid_and_maps_only_columns_that_the_files_have(
    world: tuple[Path, GeneratedCounts], rows: dict[str, list[Row]]
) -> None:
    out, _ = world
    config = load_config(out / "hub.yaml")
    assert set(config.sources) == {"crm", "dnb", "markit"}
    for name, source in config.sources.items():
        mapped = {mapping.column for mapping in source.mappings if mapping.column}
        assert mapped <= {column for row in rows[name] for column in row.values}


def test_a_later_delivery_copied_into_the_inbox_overwrites_nothing(
    world: tuple[Path, GeneratedCounts],
) -> None:
    out, _ = world
    delivered: list[str] = []
    for folder in (out / "inbox", *sorted((out / "later").iterdir())):
        delivered += sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*"))
    assert len(delivered) == len(set(delivered)) == 3 * (1 + DELIVERIES)
    for source in ("crm", "dnb", "markit"):
        names = [name for name in delivered if name.startswith(source)]
        assert names == sorted(names), "names sort in the order of delivery"


def test_every_later_delivery_has_each_kind_of_change(
    world: tuple[Path, GeneratedCounts], rows: dict[str, list[Row]]
) -> None:
    _, counts = world
    for source, found in rows.items():
        replayed = _replay(found)
        for number in range(1, DELIVERIES + 1):
            assert set(replayed[number]) >= {"inserts", "updates", "deletes", "late", "duplicates"}, source
    totals = [sum((_replay(found)[number] for found in rows.values()), Counter()) for number in range(1, 4)]
    assert totals == [Counter(delivery) for delivery in counts.deliveries]
    assert sum(delivery["returns"] for delivery in counts.deliveries) > 0


def _replay(found: list[Row]) -> dict[int, Counter[str]]:
    """Tell each row's kind from the rows before it alone, as a reader would."""
    kinds: dict[int, Counter[str]] = defaultdict(Counter)
    held: dict[str, Row] = {}
    for number in range(DELIVERIES + 1):
        delivery = sorted((row for row in found if row.delivery == number), key=lambda row: str(row.version))
        before = dict(held)
        for row in delivery:
            kinds[number][_kind(row, before.get(row.key), held.get(row.key))] += 1
            if row.key not in held or row.version > held[row.key].version:
                held[row.key] = row
    return kinds


def _kind(row: Row, before: Row | None, held: Row | None) -> str:
    if held is not None and row.version == held.version:
        assert row.values == held.values, "an equal version has equal content"
        return "duplicates"
    if before is not None and row.version < before.version:
        assert row.time < before.time
        return "late"
    if before is None:
        assert held is None, "a new record has one version in its first delivery"
        return "inserts"
    if row.deleted:
        return "deletes"
    return "returns" if before.deleted else "updates"


def test_versions_and_times_agree(rows: dict[str, list[Row]]) -> None:
    for found in rows.values():
        versions: dict[str, dict[object, str]] = defaultdict(dict)
        for row in found:
            assert versions[row.key].setdefault(row.version, row.time) == row.time
        for held in versions.values():
            times = [held[version] for version in sorted(held, key=lambda v: (len(str(v)), str(v)))]
            assert times == sorted(times)


def test_a_folder_with_deliveries_is_refused(world: tuple[Path, GeneratedCounts]) -> None:
    out, _ = world
    before = _digests(out)
    with pytest.raises(SourceError, match="nothing was written"):
        generate(out, records=200, seed=1)
    assert _digests(out) == before


def test_too_few_records_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nothing was written"):
        generate(tmp_path / "out", records=10, seed=1)
    assert not (tmp_path / "out").exists()


def test_the_number_of_changed_rows_can_be_chosen(tmp_path: Path) -> None:
    counts = generate(tmp_path, records=500, seed=3, changes=3, change_records=100)
    assert [sum(delivery.values()) for delivery in counts.deliveries] == [100, 100, 100]
    dnb = (tmp_path / "later" / "001" / "dnb" / "001.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(dnb) == 25
    assert all("dnbRecordId" in json.loads(line) for line in dnb)


def test_the_page_on_generated_data_names_every_hard_case() -> None:
    page = Path(__file__).parents[2] / "docs" / "generated-data.md"
    named = set(re.findall(r"`(\w+)`", page.read_text(encoding="utf-8")))
    assert set(HARD_CASES) <= named


def test_a_large_world_has_companies_with_hundreds_of_branches() -> None:
    assert sum(branch_counts(400_000)) == pytest.approx(0.015 / 1.6 * 400_000, rel=0.15)
    assert set(branch_counts(400_000)) <= {100, 150, 250, 300, 400}
    assert branch_counts(4_000) == [100]
