import json
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partyhub_dagster.config.attributes import resolve_attributes
from partyhub_dagster.config.sources import Source
from partyhub_dagster.errors import InvariantError
from partyhub_dagster.lake.tables import NORMALIZED_PARTIES
from partyhub_dagster.normalize import singles
from partyhub_dagster.normalize.records import NormalizeCounts, library_versions, normalize_records

PERSON_COLUMNS: dict[str, Any] = {
    "FIRST": {"type": "person_name", "part": "given"},
    "LAST": {"type": "person_name", "part": "family"},
    "PHONES": {"type": "phone", "split": ";"},
    "MAIL": "email",
    "BORN": "date_of_birth",
    "SSN": {"type": "tax_id", "scheme": "us_ssn"},
    "ADDR": "address",
    "LAND": "country",
    "NOTE": {"type": "text", "attribute": "note"},
}


def source_of(columns: dict[str, Any] = PERSON_COLUMNS, **other: Any) -> Source:
    words = {"name": "crm", "path": "crm.csv", "key": "ID", "kind": "person", "country": "US"}
    return Source.model_validate({**words, "columns": columns, **other})


def connection_with(payloads: list[dict[str, Any]]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(
        "create table raw (record_id uuid, source varchar, source_record_id varchar, first_seen bigint,"
        " recency bigint, event_time timestamp, payload varchar)"
    )
    for i, payload in enumerate(payloads):
        row = [f"00000000-0000-0000-0000-{i:012d}", "crm", str(i), i, i + 100, json.dumps(payload)]
        con.execute("insert into raw values (?, ?, ?, ?, ?, null, ?)", row)
    return con


def normalize(
    payloads: list[dict[str, Any]], source: Source | None = None
) -> tuple[list[dict[str, Any]], NormalizeCounts]:
    source = source_of() if source is None else source
    con = connection_with(payloads)
    try:
        counts = normalize_records(con, source, resolve_attributes(source.mappings, {}), "raw", "out")
        found = con.execute("select * from out order by record_id")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()], counts
    finally:
        con.close()


def one(payload: dict[str, Any], source: Source | None = None) -> dict[str, Any]:
    rows, _ = normalize([payload], source)
    return rows[0]


def shown(row: dict[str, Any], attribute: str) -> list[tuple[str, bool | None]]:
    return [(entry["value"], entry["valid"]) for entry in row["values"][attribute]]


def test_the_output_has_the_columns_of_normalized_parties() -> None:
    con = connection_with([{"FIRST": "Bob"}])
    source = source_of()
    normalize_records(con, source, resolve_attributes(source.mappings, {}), "raw", "out")
    found = {row[0]: row[1].replace('"', "") for row in con.execute("describe out").fetchall()}
    wanted = {column.name: column.sql_type.replace('"', "") for column in NORMALIZED_PARTIES.columns}
    wanted.pop("epoch", None)
    assert list(found) == list(wanted)
    assert {name: kind.lower() for name, kind in found.items()} == {n: k.lower() for n, k in wanted.items()}
    con.close()


def test_no_scratch_table_is_left() -> None:
    con = connection_with([{"FIRST": "Bob"}])
    source = source_of()
    normalize_records(con, source, resolve_attributes(source.mappings, {}), "raw", "out")
    assert [row[0] for row in con.execute("show tables").fetchall()] == ["out", "raw"]
    con.close()


def test_features_and_values_of_a_person() -> None:
    row = one({
        "FIRST": "Bob", "LAST": "Smith", "PHONES": "(312) 555-1234; 386-5286;N/A", "MAIL": "BOB@Example.com",
        "BORN": "3/1/1970", "SSN": "536-90-4399", "ADDR": "1 Main Street, Salem, OR 97301", "NOTE": " a  b ",
    })  # fmt: skip
    assert (row["kind"], row["party_type"], row["first_seen"], row["recency"]) == (
        "person",
        "INDIVIDUAL",
        0,
        100,
    )
    assert (row["name_full"], row["name_root"], row["names"]) == ("bob smith", "robert", ["bob smith"])
    assert row["birth_date"].isoformat() == "1970-03-01"
    assert (row["phones"], row["emails"]) == (["+13125551234", "3865286"], ["bob@example.com"])
    assert (row["ids"], row["weak_ids"], row["exclusive_ids"]) == (["us_ssn:536904399"], [], [])
    assert (row["address_full"], row["country"]) == ("1 main st salem or 97301", "us")
    assert (row["placeholders"], row["invalid_values"]) == (1, 1)
    assert {name: [entry["value"] for entry in entries] for name, entries in row["values"].items()} == {
        "address": ["1 Main Street, Salem, OR 97301"], "address_city": ["Salem"],
        "address_line": ["1 Main Street"], "address_postal_code": ["97301"], "address_region": ["OR"],
        "birth_date": ["1970-03-01"], "email": ["bob@example.com"], "name": ["Bob Smith"],
        "name_family": ["Smith"], "name_given": ["Bob"], "note": ["a b"],
        "phone": ["+13125551234", "3865286"], "tax_id": ["536904399"],
    }  # fmt: skip


def test_values_keep_the_order_of_the_source_and_say_whether_they_passed() -> None:
    row = one({"PHONES": "386-5286;(312) 555-1234;+1 312 555 1234"})
    assert shown(row, "phone") == [("3865286", False), ("+13125551234", True)]


def test_a_json_array_is_many_values_and_text_in_brackets_is_one() -> None:
    row = one({"MAIL": ["b@example.com", None, "a@example.com"], "NOTE": '["not", "many"]'})
    assert shown(row, "email") == [("b@example.com", True), ("a@example.com", True)]
    assert row["emails"] == ["a@example.com", "b@example.com"]
    assert shown(row, "note") == [('["not", "many"]', None)]


def test_numbers_and_booleans_of_json_are_read_as_text() -> None:
    assert shown(one({"NOTE": 7.5}), "note") == [("7.5", None)]
    assert shown(one({"NOTE": True}), "note") == [("true", None)]


def test_blank_null_and_absent_columns_give_nothing() -> None:
    for payload in (
        {},
        {"FIRST": None, "MAIL": ""},
        {"FIRST": "  ", "MAIL": " ", "PHONES": ";;", "ADDR": ""},
    ):
        row = one(payload)
        assert row["values"] == {}
        assert (row["name_full"], row["names"], row["phones"], row["country"]) == (None, [], [], None)


def test_placeholders_are_absent_from_values_and_counted() -> None:
    rows, counts = normalize(
        [{"FIRST": "TEST", "LAST": "UNKNOWN", "SSN": "999-99-9999", "MAIL": "none@none.com"}]
    )
    assert (rows[0]["values"], rows[0]["ids"], rows[0]["weak_ids"]) == ({}, [], [])
    assert counts == NormalizeCounts(records=1, placeholders=4, invalid_values=0)


def test_an_invalid_identifier_is_weak_and_kept_and_a_valid_one_may_be_exclusive() -> None:
    source = source_of({"LEI": "lei", "NAME": "organization_name"}, kind="organization")
    rows, counts = normalize([{"LEI": "549300HKVFVS8QGCBR57"}, {"LEI": "5493001KJTIIGC8Y1R12"}], source)
    assert [(row["ids"], row["weak_ids"], row["exclusive_ids"]) for row in rows] == [
        ([], ["lei:549300HKVFVS8QGCBR57"], []),
        (["lei:5493001KJTIIGC8Y1R12"], [], ["lei:5493001KJTIIGC8Y1R12"]),
    ]
    assert shown(rows[0], "lei") == [("549300HKVFVS8QGCBR57", False)]
    assert counts.invalid_values == 1


def test_kind_and_party_type_come_from_columns_and_each_kind_reads_its_names() -> None:
    source = source_of(
        {"PERSON": "person_name", "ORG": "organization_name"},
        kind={"column": "T", "values": {"P": "person"}, "default": "organization"},
        party_type={"column": "T", "values": {"LE": "LEGAL_ENTITY"}},
    )
    names = {"PERSON": "Bob Smith", "ORG": "Acme Inc"}
    rows, _ = normalize([{"T": "P", **names}, {"T": "LE", **names}, {"T": "?", **names}], source)
    assert [(row["kind"], row["party_type"], row["name_full"], row["legal_form"]) for row in rows] == [
        ("person", "INDIVIDUAL", "bob smith", None),
        ("organization", "LEGAL_ENTITY", "acme", "inc"),
        ("organization", "ORGANIZATION", "acme", "inc"),
    ]
    assert "name_given" not in rows[1]["values"]


def test_a_constant_is_a_value_of_every_record_but_makes_no_address_by_itself() -> None:
    constants = [
        {"type": "country", "value": "Germany"},
        {"type": "address", "part": "country", "value": "DE"},
        {"type": "text", "attribute": "segment", "value": "it's; retail"},
    ]
    row = one({"FIRST": "Bob"}, source_of(constants=constants))
    assert (shown(row, "country"), shown(row, "segment")) == ([("DE", True)], [("it's; retail", None)])
    assert "address" not in row["values"]


def test_a_phone_is_read_by_the_country_of_its_record() -> None:
    rows, _ = normalize([{"PHONES": "020 7946 0958", "LAND": "UK"}, {"PHONES": "020 7946 0958"}])
    assert [row["phones"] for row in rows] == [["+442079460958"], ["02079460958"]]


def test_a_column_may_feed_several_attributes_and_several_columns_one() -> None:
    columns: dict[str, Any] = {
        "A": ["phone", {"type": "text", "attribute": "phone_as_received"}],
        "B": "phone",
    }
    row = one({"A": "312-555-1234", "B": "312-555-9876"}, source_of(columns))
    assert row["phones"] == ["+13125551234", "+13125559876"]
    assert shown(row, "phone_as_received") == [("312-555-1234", None)]


def test_names_of_columns_and_values_that_look_like_code_do_no_harm() -> None:
    column = """it's "a/b~c" $.[0]; drop table raw"""
    source = source_of({column: {"type": "text", "attribute": "note", "split": "'"}, "0": "email"})
    row = one({column: "x'y\u001ez\u001fw", "0": "a@example.com"}, source)
    assert shown(row, "note") == [("x", None), ("y z w", None)]
    assert row["emails"] == ["a@example.com"]


def test_separators_inside_names_do_not_shift_parts() -> None:
    row = one({"FIRST": "Bob\u001eJones", "LAST": "Smith\u001fBrown"})
    assert (row["name_given"], row["name_family"]) == ("bob jones", "smith brown")


def test_the_order_of_records_and_their_company_change_no_row() -> None:
    payloads = [
        {"FIRST": "Bob", "LAST": "Smith", "PHONES": "312-555-1234;N/A"},
        {"FIRST": "Bob", "LAST": "Smith", "MAIL": ["a@example.com", "a@example.com"]},
        {"FIRST": "李", "LAST": "Ångström", "ADDR": "1 Main St, Salem, OR 97301"},
    ]
    together, _ = normalize(payloads)
    for i, payload in enumerate(payloads):
        alone = one(payload)
        for name in set(alone) - {"record_id", "source_record_id", "first_seen", "recency"}:
            assert alone[name] == together[i][name], name


def test_no_record_gives_no_row_and_no_error() -> None:
    rows, counts = normalize([])
    assert (rows, counts) == ([], NormalizeCounts(0, 0, 0))


def test_an_attribute_that_the_hub_does_not_have_is_left_out() -> None:
    source = source_of()
    attributes = resolve_attributes(source.mappings, {})
    kept = {name: attribute for name, attribute in attributes.items() if name != "note"}
    con = connection_with([{"NOTE": "a", "FIRST": "Bob"}])
    normalize_records(con, source, kept, "raw", "out")
    assert con.execute('select map_keys("values") from out').fetchone() == (["name", "name_given"],)
    con.close()


def test_library_versions_name_every_library_that_makes_values() -> None:
    assert {"normalize", "rigour", "phonenumbers", "python-stdnum", "usaddress", "pycountry"} <= set(
        library_versions()
    )


JSON_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
)
JSON_VALUES = st.recursive(
    JSON_SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(sorted(PERSON_COLUMNS)), JSON_VALUES), max_size=4))
def test_any_payload_gives_one_row_per_record(payloads: list[dict[str, Any]]) -> None:
    rows, counts = normalize(payloads)
    assert (len(rows), counts.records) == (len(payloads), len(payloads))
    assert counts.placeholders == sum(row["placeholders"] for row in rows)


@pytest.mark.parametrize("kind", ["person", "organization"])
def test_a_source_without_names_or_addresses_is_normalised(kind: str) -> None:
    row = one({"MAIL": "a@example.com"}, source_of({"MAIL": "email"}, kind=kind))
    assert (row["kind"], row["emails"], list(row["values"])) == (kind, ["a@example.com"], ["email"])


def test_a_long_list_loses_nothing() -> None:
    mails = [f"m{i}@example.com" for i in range(5000)]
    row = one({"MAIL": mails})
    assert [value for value, _ in shown(row, "email")] == mails
    assert row["emails"] == sorted(mails)


def test_no_value_of_many_is_lost_inside_a_transaction() -> None:
    """DuckDB 1.5.5 loses a large insert into a table that the same transaction made by a query without rows."""
    source, rows = source_of({"NOTE": {"type": "text", "attribute": "note"}}), 130_000
    con = connection_with([])
    con.execute(
        "insert into raw select uuid(), 'crm', i::varchar, i, i, null, json_object('NOTE', 'note ' || i)::varchar"
        f" from range({rows}) as r(i)"
    )
    con.execute("begin")
    normalize_records(con, source, resolve_attributes(source.mappings, {}), "raw", "out")
    assert con.execute("select count(*) from out where values['note'] is not null").fetchall() == [(rows,)]


def test_values_that_go_missing_stop_the_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    clean = singles._clean

    def lose(con: duckdb.DuckDBPyConnection, *rest: Any) -> None:
        clean(con, *rest)
        con.execute("delete from normalize_results where raw like '%@%'")

    monkeypatch.setattr(singles, "_clean", lose)
    with pytest.raises(InvariantError, match="3 values were received and 2 came out"):
        one({"MAIL": "a@b.com", "PHONES": "212 555 0100", "BORN": "1980-01-02"})
