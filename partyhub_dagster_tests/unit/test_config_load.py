"""hub.yaml is read as it is written, and what it leaves out has a default."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from partyhub_dagster.config import HubConfig, Mapping, find_mistakes, load_config, parse_config
from partyhub_dagster.errors import ConfigError
from partyhub_dagster.sources.generator.hub_yaml import HUB_YAML

REPOSITORY = Path(__file__).parents[2]

EVERYTHING = """
version: 1
name: demo
sources:
  crm:
    format: csv
    path: inbox/crm/*.csv
    key: CUST_ID
    version: {column: REV, type: integer}
    event_time: {column: UPDATED_AT, type: timestamp, format: "%Y-%m-%d"}
    feed: snapshot
    max_deleted_share: 0.2
    deleted: {column: OP, values: [D]}
    kind: {column: RECORD_TYPE, values: {PERSON: person, ORGANIZATION: organization}, default: person}
    party_type: {column: LEGAL, values: {1: LEGAL_ENTITY}}
    csv: {delimiter: ";", encoding: latin-1, header: false, quote: "'"}
    country: us
    constants: [{type: country, value: NO}]
    columns:
      FIRST_NM: {type: person_name, part: given}
      PHONES: {type: phone, split: ";", country: DE}
      ADDR: address
      SSN: {type: tax_id, scheme: us_ssn}
      PASSPORT: {type: identifier, scheme: passport}
      NOTES: {type: text, attribute: note}
      X: [organization_name, {type: number, attribute: size}]
attributes:
  phone: {type: phone, multiple: true, exclusive: false, personal: true, description: Where to call}
matching:
  person:
    thresholds: {keep: -7.5, link: -1, cut: -3, miss: -5, cap: 12}
    max_part: 400
    disable: [website]
    blocking: {disable: [mailbox], max_block: 200}
    on_large_block: stop
survivorship:
  sources: [crm]
  default: [pinned, validated, most_recent, source_priority]
  trust: {crm: {score: 0.8, half_life_days: 365}}
  attributes:
    name: [pinned, {source_priority: [crm]}, most_complete]
    phone: [all]
    address: [pinned, most_recent]
quality: {max_quarantined_share: 0.2, min_completeness: {name: 0.9}, max_component_share: 0.05}
publish: {parquet: "s3://bucket/golden", keep_runs: 2}
"""

SMALLEST = """
sources:
  crm: {path: crm.csv, key: ID, kind: person, columns: {NAME: person_name}}
"""


def parsed(text: str) -> HubConfig:
    return parse_config(text, Path("/hub"))


def test_everything_that_can_be_written_is_read() -> None:
    config = parsed(EVERYTHING)
    crm = config.sources["crm"]
    assert (config.name, config.root, config.kinds) == ("demo", Path("/hub"), ["person", "organization"])
    assert (crm.name, crm.format, crm.path, crm.key) == ("crm", "csv", ("inbox/crm/*.csv",), ("CUST_ID",))
    assert crm.version is not None
    assert (crm.version.column, crm.version.type) == ("REV", "integer")
    assert crm.event_time is not None
    assert (crm.event_time.column, crm.event_time.format) == ("UPDATED_AT", "%Y-%m-%d")
    assert (crm.feed, crm.max_deleted_share) == ("snapshot", 0.2)
    assert crm.deleted is not None
    assert crm.deleted.values == ("D",)
    assert crm.kind.values == {"PERSON": "person", "ORGANIZATION": "organization"}
    assert crm.party_type is not None
    assert (crm.party_type.values, crm.party_type.default) == ({"1": "LEGAL_ENTITY"}, None)
    assert (crm.csv.delimiter, crm.csv.encoding, crm.csv.header, crm.csv.quote) == (
        ";",
        "latin-1",
        False,
        "'",
    )
    person = config.matching.of("person")
    assert (person.thresholds.keep, person.max_part, person.disable) == (-7.5, 400, ("website",))
    assert (person.blocking.disable, person.blocking.max_block) == (("mailbox",), 200)
    assert person.on_large_block == "stop"
    assert config.quality.min_completeness == {"name": 0.9}
    assert (config.publish.parquet, config.publish.keep_runs) == ("s3://bucket/golden", 2)


def test_mappings_are_flat_with_nothing_left_to_default() -> None:
    found = [
        (m.column, m.value, m.type, m.part, m.attribute, m.scheme, m.split, m.country)
        for m in parsed(EVERYTHING).sources["crm"].mappings
    ]
    assert found == [
        ("FIRST_NM", None, "person_name", "given", "name", None, None, "US"),
        ("PHONES", None, "phone", None, "phone", None, ";", "DE"),
        ("ADDR", None, "address", "full", "address", None, None, "US"),
        ("SSN", None, "tax_id", None, "tax_id", "us_ssn", None, "US"),
        ("PASSPORT", None, "identifier", None, "passport", "passport", None, "US"),
        ("NOTES", None, "text", None, "note", None, None, "US"),
        ("X", None, "organization_name", "full", "name", None, None, "US"),
        ("X", None, "number", None, "size", None, None, "US"),
        (None, "NO", "country", None, "country", None, None, "US"),
    ]


def test_what_is_left_out_has_a_default() -> None:
    config = parsed(SMALLEST)
    crm = config.sources["crm"]
    assert (crm.format, crm.feed, crm.max_deleted_share, crm.csv.delimiter) == ("csv", "delta", 0.3, ",")
    assert (crm.version, crm.event_time, crm.deleted, crm.party_type) == (None, None, None, None)
    thresholds = config.matching.of("organization").thresholds
    assert thresholds.millibits() == {
        "keep": -8000,
        "link": -2000,
        "cut": -2000,
        "doubling": 1500,
        "miss": -4000,
        "cap": 15000,
    }
    assert (config.quality.max_quarantined_share, config.publish.parquet) == (0.1, "published")
    assert config.kinds == ["person"]


def test_a_section_left_blank_counts_as_not_written() -> None:
    assert parsed(SMALLEST + "matching:\nquality:\n") == parsed(SMALLEST)


def test_scalars_stay_as_they_are_written() -> None:
    """YAML 1.1 would make false of NO, 7 of 007 and a date of the third."""
    text = SMALLEST.replace(
        "kind: person", "kind: person, deleted: {column: no, values: [NO, 007, 2024-01-31]}"
    )
    deleted = parsed(text).sources["crm"].deleted
    assert deleted is not None
    assert (deleted.column, deleted.values) == ("no", ("NO", "007", "2024-01-31"))


@pytest.mark.parametrize(
    ("path", "format_", "delimiter"),
    [
        ("a/*.csv", "csv", ","),
        ("a/*.CSV.gz", "csv", ","),
        ("a.tsv", "csv", "\t"),
        ("a/**/*.ndjson", "jsonl", ","),
        ("a.jsonl.gz", "jsonl", ","),
        ("a.parquet", "parquet", ","),
    ],
)
def test_the_suffix_tells_the_format(path: str, format_: str, delimiter: str) -> None:
    crm = parsed(SMALLEST.replace("crm.csv", path)).sources["crm"]
    assert (crm.format, crm.csv.delimiter) == (format_, delimiter)


def test_files_are_sought_below_the_folder_of_hub_yaml(tmp_path: Path) -> None:
    (tmp_path / "hub.yaml").write_text(SMALLEST, encoding="utf-8")
    config = load_config(tmp_path / "hub.yaml")
    assert config.sources["crm"].patterns(config.root) == [tmp_path / "crm.csv"]


def test_the_root_is_absolute_however_the_file_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hub.yaml").write_text(SMALLEST, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_config(Path("hub.yaml")).root == tmp_path


def test_anchors_and_merge_keys_work() -> None:
    text = """
sources:
  one: &one {path: one.csv, key: ID, kind: person, columns: {NAME: person_name}}
  two:
    <<: *one
    path: two.csv
"""
    sources = parsed(text).sources
    assert (sources["two"].name, sources["two"].path, sources["two"].key) == ("two", ("two.csv",), ("ID",))


def test_a_configuration_cannot_be_changed() -> None:
    config = parsed(SMALLEST)
    with pytest.raises(ValidationError):
        config.name = "other"  # type: ignore[misc]


def test_a_constant_is_not_shown() -> None:
    mapping = parsed(EVERYTHING).sources["crm"].mappings[-1]
    assert isinstance(mapping, Mapping)
    assert mapping.value == "NO"
    assert "NO" not in repr(mapping)


@pytest.mark.parametrize(
    "file", sorted(REPOSITORY.glob("data/*/hub.yaml")), ids=lambda file: file.parent.name
)
def test_shipped_hubs_have_no_mistake(file: Path) -> None:
    assert find_mistakes(file) == []


def test_the_generated_hub_has_no_mistake() -> None:
    assert parsed(HUB_YAML).kinds == ["person", "organization"]


def test_the_error_lists_every_mistake_and_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "hub.yaml"
    file.write_text(SMALLEST.replace("key:", "kee:").replace("person_name", "person_nam"), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    told = str(caught.value)
    assert f"{file} has 2 mistakes" in told
    assert all(str(mistake) in told for mistake in find_mistakes(file))
    assert "partyhub config check" in told
    assert caught.value.facts == {"mistakes": 2}
