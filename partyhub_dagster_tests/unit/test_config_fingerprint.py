"""A stage's fingerprint changes with what the stage reads of hub.yaml, and with nothing else."""

from pathlib import Path

import pytest

from partyhub_dagster.config import HubConfig, parse_config

HUB = """
version: 1
name: demo
sources:
  crm:
    path: a.csv
    key: ID
    kind: person
    columns: {N: person_name, P: {type: phone, split: ";"}}
  dnb:
    path: b.csv
    key: ID
    kind: organization
    columns: {N: organization_name, T: tax_id}
attributes: {tax_id: {exclusive: false, description: Tax}}
matching: {person: {max_part: 400}}
survivorship: {sources: [dnb, crm], trust: {crm: 0.7}, attributes: {name: [trust]}}
quality: {max_quarantined_share: 0.1}
publish: {keep_runs: 5}
"""
SECTIONS = (
    "normalize", "normalize:crm", "normalize:dnb", "sources:crm", "sources:dnb", "matching:person",
    "matching:organization", "survivorship", "quality", "publish",
)  # fmt: skip


def fingerprints(text: str, root: str = "/hub") -> dict[str, str]:
    config = parse_config(text, Path(root))
    return {section: config.fingerprint(section) for section in (*SECTIONS, "hub")}


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("name: demo", "name: other", set()),
        ("a.csv", "z/*.csv", set()),
        ("key: ID\n    kind: person", "key: NO\n    kind: person", {"sources:crm"}),
        (
            "kind: person",
            "kind: {column: K, values: {P: person}}",
            {"sources:crm", "normalize", "normalize:crm"},
        ),
        ('";"', '","', {"normalize", "normalize:crm"}),
        ("T: tax_id", "T: {type: tax_id, scheme: us_ein}", {"normalize", "normalize:dnb"}),
        ("exclusive: false", "exclusive: true", {"normalize", "normalize:dnb"}),
        ("description: Tax", "description: Taxes", set()),
        ("max_part: 400", "max_part: 300", {"matching:person"}),
        ("[dnb, crm]", "[crm, dnb]", {"survivorship"}),
        ("[trust]", "[source_priority]", {"survivorship"}),
        ("crm: 0.7", "crm: 0.6", {"survivorship"}),
        ("max_quarantined_share: 0.1", "max_quarantined_share: 0.2", {"quality"}),
        ("keep_runs: 5", "keep_runs: 6", {"publish"}),
    ],
)
def test_a_change_reaches_the_stages_that_read_it(old: str, new: str, changed: set[str]) -> None:
    assert old in HUB
    before, after = fingerprints(HUB), fingerprints(HUB.replace(old, new))
    assert {section for section in SECTIONS if before[section] != after[section]} == changed
    assert before["hub"] != after["hub"]


def test_what_says_the_same_has_the_same_fingerprint() -> None:
    """Where hub.yaml lies, its comments, defaults written out and the order of sources do not matter."""
    same = HUB.replace("publish: {keep_runs: 5}", "publish: {parquet: published} # as ever")
    head, crm, dnb, tail = HUB.partition("  crm:")[0], *_sources(HUB)
    assert fingerprints(HUB, "/elsewhere") == fingerprints(HUB)
    assert fingerprints(same) == fingerprints(HUB)
    turned = fingerprints(head + dnb + crm + tail)
    assert {section for section in SECTIONS if turned[section] != fingerprints(HUB)[section]} == set()


def _sources(text: str) -> tuple[str, str, str]:
    crm, dnb, tail = text.index("  crm:"), text.index("  dnb:"), text.index("attributes:")
    return text[crm:dnb], text[dnb:tail], text[tail:]


@pytest.mark.parametrize(
    "section", ["normalise", "normalize:crn", "sources", "sources:", "matching:firm", ""]
)
def test_a_section_that_does_not_exist_has_no_fingerprint(section: str) -> None:
    config: HubConfig = parse_config(HUB, Path("/hub"))
    with pytest.raises(KeyError):
        config.fingerprint(section)


def test_a_fingerprint_is_a_sha256() -> None:
    assert {len(bytes.fromhex(value)) for value in fingerprints(HUB).values()} == {32}
