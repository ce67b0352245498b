"""Builders of small tables with the columns of normalized_parties that matching reads."""

import uuid
from typing import Any

import duckdb
import pyarrow as pa

COLUMNS = {
    "record_id": "UUID",
    "source": "VARCHAR",
    "kind": "VARCHAR",
    "name_full": "VARCHAR",
    "name_given": "VARCHAR",
    "name_middle": "VARCHAR",
    "name_family": "VARCHAR",
    "name_suffix": "VARCHAR",
    "name_root": "VARCHAR",
    "name_phonetic": "VARCHAR",
    "name_tokens": "VARCHAR[]",
    "names": "VARCHAR[]",
    "legal_form": "VARCHAR",
    "name_numbers": "VARCHAR",
    "name_acronym": "VARCHAR",
    "birth_date": "DATE",
    "address_full": "VARCHAR",
    "addresses": "VARCHAR[]",
    "street": "VARCHAR",
    "house_number": "VARCHAR",
    "unit": "VARCHAR",
    "city": "VARCHAR",
    "region": "VARCHAR",
    "postcode": "VARCHAR",
    "country": "VARCHAR",
    "phones": "VARCHAR[]",
    "emails": "VARCHAR[]",
    "websites": "VARCHAR[]",
    "ids": "VARCHAR[]",
    "weak_ids": "VARCHAR[]",
}


def record_id(number: int) -> uuid.UUID:
    """Return the id of the numbered record: spread over all ids, so that order of ids is not order of numbers."""
    return uuid.uuid5(uuid.NAMESPACE_OID, str(number))


def person(number: int, given: str, family: str, **values: Any) -> dict[str, Any]:
    """Return a person record; `address` is 'house|street|city|postcode'."""
    full = f"{given} {family}".strip()
    made = {
        "record_id": record_id(number),
        "source": "crm",
        "kind": "person",
        "name_full": full,
        "name_given": given or None,
        "name_family": family or None,
        "name_root": given or None,
        "name_phonetic": family[:4],
        "name_tokens": sorted(set(full.split())),
        "names": [full],
    }
    return _with_address(made | values)


def organization(number: int, name: str, **values: Any) -> dict[str, Any]:
    """Return an organisation record; `name` without its legal form."""
    made = {
        "record_id": record_id(number),
        "source": "dnb",
        "kind": "organization",
        "name_full": name,
        "name_phonetic": name[:4],
        "name_tokens": sorted(set(name.split())),
        "names": [name],
        "name_numbers": " ".join(token for token in name.split() if token.isdigit()) or None,
        "name_acronym": "".join(token[0] for token in name.split()),
    }
    return _with_address(made | values)


def _with_address(record: dict[str, Any]) -> dict[str, Any]:
    if (address := record.pop("address", None)) is not None:
        house, street, city, postcode = address.split("|")
        full = f"{house} {street} {city} {postcode}"
        record |= {"address_full": full, "addresses": [full], "street": street, "house_number": house}
        record |= {"city": city, "postcode": postcode}
    return record


def connection_with(records: list[dict[str, Any]]) -> duckdb.DuckDBPyConnection:
    """Return a connection that holds the records as the table `records`."""
    con = duckdb.connect(config={"threads": 1})
    lists = pa.list_(pa.string())
    columns = {
        name: pa.array(
            [_plain(record.get(name), kind) for record in records], lists if kind.endswith("[]") else None
        )
        for name, kind in COLUMNS.items()
    }
    con.register("given", pa.table(columns))
    casts = ", ".join(f"{name}::{kind} as {name}" for name, kind in COLUMNS.items())
    con.execute(f"create table records as select {casts} from given")
    con.unregister("given")
    return con


def _plain(value: Any, kind: str) -> Any:
    if kind.endswith("[]"):
        return value or []
    return None if value is None else str(value)
