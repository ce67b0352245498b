"""Every mistake in hub.yaml is reported: where it is, what is wrong, what to write instead."""

import re
from pathlib import Path

import pytest

from partyhub_dagster.config import Mistake, find_mistakes

HUB = """\
version: 1
name: demo
sources:
  crm:
    path: inbox/crm/*.csv
    key: CUST_ID
    kind: person
    columns:
      NAME: person_name
      CITY: {type: address, part: city}
      PHONE: phone
      NOTE: {type: text, attribute: note}
  dnb:
    path: inbox/dnb/*.jsonl
    key: DUNS
    kind: organization
    columns:
      TITLE: organization_name
      DUNS: duns
attributes:
  note: {type: text, personal: false}
matching:
  person:
    thresholds: {keep: -8, link: -2, cut: -2, miss: -4, cap: 15}
survivorship:
  sources: [dnb, crm]
  default: [pinned, most_recent]
  trust: {crm: 0.8}
  attributes:
    name: [pinned, source_priority]
quality: {min_completeness: {name: 0.9}}
publish: {keep_runs: 5}
"""


def mistakes_of(text: str, tmp_path: Path) -> list[Mistake]:
    file = tmp_path / "hub.yaml"
    file.write_text(text, encoding="utf-8")
    return find_mistakes(file)


def test_the_hub_of_these_tests_has_no_mistake(tmp_path: Path) -> None:
    assert mistakes_of(HUB, tmp_path) == []


ONE_MISTAKE = [
    # what to replace, by what, where it is reported, a word of what is wrong, a word of what to write
    ("keep_runs", "keep_rums", "publish.keep_rums", "no key", "keep_runs"),
    ("    key: CUST_ID", "    kee: CUST_ID", "sources.crm.kee", "no key", "Write key"),
    ("    key: CUST_ID\n", "", "sources.crm", "`key` is missing", "Add key"),
    ("CUST_ID", "[]", "sources.crm.key", "at least one", "Columns that identify"),
    ("CUST_ID", "[A, B, A]", "sources.crm.key[2]", "twice", "Keep one"),
    ("    kind: person\n", "    kind: persn\n", "sources.crm.kind", "persn", "person"),
    ("kind: person\n", "kind: {column: K}\n", "sources.crm.kind", "what its values mean", "values"),
    ("kind: person\n", "kind: {values: {P: person}}\n", "sources.crm.kind", "no column", "Add column"),
    ("kind: person\n", "kind: {}\n", "sources.crm.kind", "nothing is said", "one word"),
    ("*.csv", "*.dat", "sources.crm", "`format` is missing", "Add format"),
    ("inbox/crm/*.csv", "s3://crm/a.csv", "sources.crm.path", "local files", "relative"),
    ("inbox/crm/*.csv", "~/crm/a.csv", "sources.crm.path", "not followed", "relative"),
    ("inbox/crm/*.csv", "inbox\\crm\\*.csv", "sources.crm.path", "/", "inbox/crm/*.csv"),
    ("person_name", "persn_name", "sources.crm.columns.NAME", "persn_name", "person_name"),
    ("part: city", "part: town", "sources.crm.columns.CITY.part", "no part", "city"),
    ("PHONE: phone", "PHONE: {type: phone, part: area}", "sources.crm.columns.PHONE.part", "no parts", "out"),
    ("PHONE: phone", "PHONE: identifier", "sources.crm.columns.PHONE", "scheme", "Add scheme"),
    (
        "PHONE: phone",
        "PHONE: {type: phone, scheme: x}",
        "sources.crm.columns.PHONE.scheme",
        "no scheme",
        "identifier",
    ),
    (", attribute: note", "", "sources.crm.columns.NOTE", "which attribute", "Add attribute"),
    ("attribute: note", "attribute: My Note", "sources.crm.columns.NOTE.attribute", "column", "my_note"),
    (
        "attribute: note",
        "attribute: party_id",
        "sources.crm.columns.NOTE",
        "every golden record",
        "source_party_id",
    ),
    ("attribute: note", "attribute: phone", "sources.crm.columns.NOTE", "type text here", "ANOTHER_NAME"),
    ("attribute: note", "attribute: address_city", "sources.crm.columns.NOTE", "part of `address`", "part"),
    (
        "PHONE: phone",
        "PHONE: {type: address, part: city}",
        "sources.crm.columns.PHONE.part",
        "second",
        "another",
    ),
    ("PHONE: phone", "PHONE:", "sources.crm.columns.PHONE", "at least one", "What each column means"),
    (
        "PHONE: phone",
        "NAME: phone",
        "sources.crm.columns.NAME",
        "twice; the first is on line 9",
        "one of the two",
    ),
    (
        "TITLE: organization_name",
        "TITLE: person_name",
        "sources.dnb.columns.TITLE",
        "never applies",
        "organization_name",
    ),
    (
        "key: DUNS",
        "key: DUNS\n    max_deleted_share: 0.5",
        "sources.dnb.max_deleted_share",
        "delta",
        "snapshot",
    ),
    ("key: DUNS", "key: DUNS\n    csv: {header: no}", "sources.dnb.csv", "jsonl", "Leave csv out"),
    (
        "keep_runs: 5",
        "parquet: 's3://me:secret@b/x'",
        "publish.parquet",
        "user name or secret",
        "environment",
    ),
    (
        "key: DUNS",
        "key: D\n    constants: [{type: person_name, value: X}]",
        "sources.dnb.constants[0].type",
        "never",
        "organization_name",
    ),
    ("key: DUNS", "key: DUNS\n    feed: full", "sources.dnb.feed", "full", "snapshot"),
    ("key: DUNS", "key: DUNS\n    name: dnb", "sources.dnb.name", "no key", "Leave it out"),
    (
        "key: DUNS",
        "key: DUNS\n    party_type: INDIVIDUAL",
        "sources.dnb.party_type",
        "no INDIVIDUAL",
        "LEGAL_ENTITY",
    ),
    ("key: CUST_ID", "key: A\n    party_type: LEGAL_ENTITY", "sources.crm.party_type", "INDIVIDUAL", "out"),
    ("key: DUNS", "key: DUNS\n    country: USA", "sources.dnb.country", "alpha-2", "US"),
    ("key: DUNS", "key: DUNS\n    country: ZZ", "sources.dnb.country", "alpha-2", "US"),
    (
        "key: DUNS",
        "key: DUNS\n    version: {column: V, type: int}",
        "sources.dnb.version.type",
        "int",
        "integer",
    ),
    (
        "key: DUNS",
        "key: DUNS\n    version: {column: V}",
        "sources.dnb.version",
        "`type` is missing",
        "Add type",
    ),
    (
        "key: DUNS",
        "key: D\n    event_time: {column: T, format: '%Q'}",
        "sources.dnb.event_time.format",
        "%Q",
        "%Y-%m-%d",
    ),
    (
        "key: DUNS",
        "key: D\n    event_time: {column: T, format: '%H'}",
        "sources.dnb.event_time.format",
        "year",
        "%Y-%m-%d",
    ),
    (
        "key: DUNS",
        "key: DUNS\n    deleted: {column: OP, values: []}",
        "sources.dnb.deleted.values",
        "one",
        "deleted",
    ),
    (
        "sources:\n",
        "sources:\n  d&b: {path: d.csv, key: K, kind: person, columns: {N: phone}}\n",
        "sources.d&b",
        "cannot be a name",
        "letters",
    ),
    (
        "note: {type: text, personal: false}",
        "notes: {personal: false}",
        "attributes.notes",
        "no source feeds",
        "note",
    ),
    ("note: {type: text, personal: false}", "note: {type: txt}", "attributes.note.type", "no type", "text"),
    (
        "note: {type: text, personal: false}",
        "note: {type: date}",
        "sources.crm.columns.NOTE",
        "type date by",
        "same type",
    ),
    (
        "note: {type: text, personal: false}",
        "note: {exclusive: true}",
        "attributes.note.exclusive",
        "do not identify",
        "out",
    ),
    (
        "note: {type: text, personal: false}",
        "name_given: {personal: false}",
        "attributes.name_given",
        "part of `name`",
        "name",
    ),
    (
        "note: {type: text, personal: false}",
        "d: {type: date, multiple: true}",
        "attributes.d.multiple",
        "one value",
        "out",
    ),
    (
        "note: {type: text, personal: false}",
        "address: {multiple: true}",
        "sources.crm.columns.CITY.part",
        "multiple",
        "whole",
    ),
    (
        "note: {type: text, personal: false}",
        "note: {personal: perhaps}",
        "attributes.note.personal",
        "true or false",
        "personal",
    ),
    ("cut: -2", "cut: -5", "matching.person.thresholds", "out of order", "miss < cut <= link"),
    ("cut: -2", "cut: -1", "matching.person.thresholds", "out of order", "miss < cut <= link"),
    ("keep: -8", "keep: -1", "matching.person.thresholds.keep", "above link", "keep <= link"),
    ("keep: -8", "keep: nan", "matching.person.thresholds.keep", "number", "forgotten"),
    ("cap: 15", "cap: -3", "matching.person.thresholds.cap", "not above", "15"),
    ("cap: 15", "cap: many", "matching.person.thresholds.cap", "a number", "counts"),
    ("  person:\n    th", "  people:\n    th", "matching.people", "no key", "person"),
    (
        "    thresholds:",
        "    disable: [websit]\n    thresholds:",
        "matching.person.disable[0]",
        "no comparison",
        "website",
    ),
    (
        "    thresholds:",
        "    blocking: {disable: [fone]}\n    thresholds:",
        "matching.person.blocking.disable[0]",
        "no blocking rule",
        "phone",
    ),
    ("[dnb, crm]", "[dnb, crn]", "survivorship.sources[1]", "no source `crn`", "crm"),
    ("[dnb, crm]", "[dnb, crm, dnb]", "survivorship.sources[2]", "twice", "better place"),
    ("[pinned, most_recent]", "[pinned, most_recnt]", "survivorship.default[1]", "most_recnt", "most_recent"),
    ("[pinned, most_recent]", "[pinned, pinned]", "survivorship.default[1]", "twice", "first"),
    ("[pinned, most_recent]", "[pinned, all]", "survivorship.default[1]", "cannot choose", "multiple"),
    ("[pinned, most_recent]", "[]", "survivorship.default", "at least one", "Rules"),
    ("{crm: 0.8}", "{crn: 0.8}", "survivorship.trust.crn", "no source", "crm"),
    ("{crm: 0.8}", "{crm: 80}", "survivorship.trust.crm", "less than or equal to 1", "0 (never) to 1"),
    (
        "{crm: 0.8}",
        "{crm: {half_life_days: 0}}",
        "survivorship.trust.crm.half_life_days",
        "greater than 0",
        "Days",
    ),
    ("    name: [", "    nam: [", "survivorship.attributes.nam", "no attribute", "name"),
    ("    name: [", "    name_family: [", "survivorship.attributes.name_family", "part of `name`", "name"),
    ("[pinned, source_priority]", "[all]", "survivorship.attributes.name[0]", "one value", "multiple: true"),
    (
        "[pinned, source_priority]",
        "[{source_priority: [dbn]}]",
        "survivorship.attributes.name[0].source_priority[0]",
        "no source",
        "dnb",
    ),
    (
        "[pinned, source_priority]",
        "[{trust: {dbn: 1}}]",
        "survivorship.attributes.name[0].trust.dbn",
        "no source",
        "dnb",
    ),
    (
        "[pinned, source_priority]",
        "[{source_prority: [dnb]}]",
        "survivorship.attributes.name[0]",
        "source_prority",
        "source_priority",
    ),
    (
        "[pinned, source_priority]",
        "[{pinned: [dnb]}]",
        "survivorship.attributes.name[0]",
        "no settings",
        "pinned alone",
    ),
    (
        "    name: [pinned, source_priority]",
        "    phone: [all, pinned]",
        "survivorship.attributes.phone[0]",
        "nothing to the rules after",
        "last",
    ),
    ("{name: 0.9}", "{nmae: 0.9}", "quality.min_completeness.nmae", "no attribute", "name"),
    (
        "{name: 0.9}",
        "{name: 90}",
        "quality.min_completeness.name",
        "less than or equal to 1",
        "Golden records",
    ),
    ("keep_runs: 5", "keep_runs: five", "publish.keep_runs", "whole number", "Exports"),
    ("version: 1", "version: 2", "version", "`2` is not valid", "Write 1"),
    ("name: demo", "name: my hub", "name", "cannot be a name", "letters"),
    ("name: demo", "root: /tmp", "root", "no key", "Leave it out"),
]


@pytest.mark.parametrize(("old", "new", "where", "problem", "remedy"), ONE_MISTAKE)
def test_a_mistake_is_reported_once_where_it_is_with_what_to_write(
    tmp_path: Path, old: str, new: str, where: str, problem: str, remedy: str
) -> None:
    text = HUB.replace(old, new, 1)
    assert text != HUB
    (found,) = mistakes_of(text, tmp_path)
    assert found.yaml_path == where
    assert problem in found.problem
    assert remedy in found.remedy
    last_key = [step for step in re.sub(r"\[\d+\]", "", where).split(".") if step][-1]
    assert found.line is not None
    assert last_key in text.splitlines()[found.line - 1]


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Also those that refer to parts which have mistakes of their own."""
    text = HUB
    for old, new in [
        ("name: demo", "nam: demo"),
        ("key: CUST_ID", "kee: CUST_ID"),
        ("person_name", "persn_name"),
        ("NOTE: {type: text, attribute: note}", "PHONE: {type: text, attribute: note}"),
        ("key: DUNS", "key: DUNS\n    max_deleted_share: 0.5"),
        ("cut: -2", "cut: -5"),
        ("[dnb, crm]", "[crm, dbn]"),
        ("[pinned, most_recent]", "[pind, most_recnt, {source_priority: [crn]}]"),
        ("{name: 0.9}", "{nmae: 0.9}"),
    ]:
        text = text.replace(old, new, 1)
    assert [mistake.yaml_path for mistake in mistakes_of(text, tmp_path)] == [
        "nam",
        "sources.crm.kee",
        "sources.crm.columns.NAME",
        "sources.crm.columns.PHONE",
        "sources.dnb.max_deleted_share",
        "matching.person.thresholds",
        "survivorship.sources[1]",
        "survivorship.default[0]",
        "survivorship.default[1]",
        "survivorship.default[2].source_priority[0]",
        "quality.min_completeness.nmae",
    ]


def test_names_that_a_refused_part_gives_are_not_called_unknown(tmp_path: Path) -> None:
    text = HUB.replace("key: CUST_ID", "kee: CUST_ID").replace(
        "    name: [", "    note: [pinned]\n    name: ["
    )
    assert [mistake.yaml_path for mistake in mistakes_of(text, tmp_path)] == ["sources.crm.kee"]


def test_rules_for_types_that_no_source_has_are_no_mistake(tmp_path: Path) -> None:
    """One set of survivorship rules can serve hubs with different sources."""
    assert mistakes_of(HUB.replace("    name: [", "    email: [all]\n    name: ["), tmp_path) == []


@pytest.mark.parametrize(
    "constant", ["{type: country, valeu: Secret}", "{type: identifier, value: Secret}", "{type: x, value: Secret}",
                 "{type: country, value: [Secret]}", "[Secret]", "{type: text, value: Secret, split: ''}"]
)  # fmt: skip
def test_values_of_constants_are_never_shown(tmp_path: Path, constant: str) -> None:
    found = mistakes_of(HUB.replace("key: DUNS", f"key: DUNS\n    constants: [{constant}]"), tmp_path)
    assert found
    assert "Secret" not in "".join(map(str, found))
