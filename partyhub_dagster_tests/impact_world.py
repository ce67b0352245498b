"""Generated sources, a hub on a first delivery of them, and later deliveries: five bad ones, five good ones.

The CRM is a delta feed, D&B sends full snapshots, and Markit is not there yet.
"""

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from partyhub_dagster.hub import Hub
from partyhub_dagster.sources.generator import generate
from partyhub_dagster_tests.factories import deliver, open_hub

Row = dict[str, str]
IDENTITY = (
    "FIRST_NM",
    "MID_NM",
    "LAST_NM",
    "SUFFIX",
    "BIRTH_DT",
    "SSN",
    "HOME_PHONE",
    "MOBILE_PHONE",
    "EMAIL_ADDR",
)
FIRST_SHARE = 0.7  # of the CRM's records in the first delivery


def first_hub(folder: Path, records: int, seed: int = 1) -> Hub:
    """Write the files of the first delivery and return the hub on them, not built yet."""
    generated = folder.parent / f"{folder.name}_generated"
    generate(generated, records, seed, 1)
    yaml = (generated / "hub.yaml").read_text(encoding="utf-8")
    before, dnb = yaml.split("  dnb:\n")
    dnb, after = dnb.split("  markit:\n")
    folder.mkdir(parents=True)
    (folder / "whole.yaml").write_text(yaml.replace(dnb, _snapshots(dnb)), encoding="utf-8")
    without = "survivorship:" + after.split("survivorship:")[1].replace("[markit, dnb, crm]", "[dnb, crm]")
    (folder / "hub.yaml").write_text(f"{before}  dnb:\n{_snapshots(dnb)}\n{without}", encoding="utf-8")
    people = rows_of_crm(generated / "inbox" / "crm" / "000.csv")
    kept = round(len(people) * FIRST_SHARE)
    hub = open_hub(folder)
    deliver(hub, "crm/000.csv", as_csv(people[:kept]))
    (folder / "rest.csv").write_text(as_csv(people[kept:]), encoding="utf-8")
    deliver(hub, "dnb/000.jsonl", (generated / "inbox" / "dnb" / "000.jsonl").read_bytes())
    shutil.copy(generated / "inbox" / "markit" / "000.parquet", folder / "markit.parquet")
    shutil.copy(generated / "later" / "001" / "crm" / "001.csv", folder / "delta.csv")
    shutil.rmtree(generated)
    return hub


def _snapshots(source: str) -> str:
    lines = source.replace("feed: delta", "feed: snapshot").splitlines(keepends=True)
    return "".join(line for line in lines if not line.lstrip().startswith("deleted:"))


def rows_of_crm(path: Path) -> list[Row]:
    """Read the good rows of a CRM file."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [
            row
            for row in csv.DictReader(lines)
            if row["CUST_ID"] and None not in row.values() and None not in row
        ]
    return [row for row in rows if row["REV_NO"].isdecimal()]


def as_csv(rows: list[Row]) -> str:
    """Write rows as a CRM file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _crm(hub: Hub) -> list[Row]:
    """Return the rows of the first delivery as newer versions."""
    rows = rows_of_crm(hub.config.root / "inbox" / "crm" / "000.csv")
    return [
        {**row, "REV_NO": str(int(row["REV_NO"]) + 100), "UPDATED_AT": "2026-01-05 08:00:00"} for row in rows
    ]


def nulls(hub: Hub) -> Hub:
    """Deliver the CRM with four columns left empty."""
    empty = dict.fromkeys(("BIRTH_DT", "HOME_PHONE", "MOBILE_PHONE", "EMAIL_ADDR"), "")
    deliver(hub, "crm/001.csv", as_csv([{**row, **empty} for row in _crm(hub)]))
    return hub


def shifted_columns(hub: Hub) -> Hub:
    """Deliver the CRM with every value after the key one column to the right."""

    def shift(row: Row) -> Row:
        columns = [c for c in row if c not in {"CUST_ID", "REV_NO", "UPDATED_AT", "OP"}]
        return {**row, **dict(zip(columns, [row[columns[-1]], *(row[c] for c in columns[:-1])], strict=True))}

    deliver(hub, "crm/001.csv", as_csv([shift(row) for row in _crm(hub)]))
    return hub


def one_phone(hub: Hub) -> Hub:
    """Deliver the CRM with the phone of its own switchboard in every row."""
    deliver(hub, "crm/001.csv", as_csv([{**row, "HOME_PHONE": "(312) 555-0142"} for row in _crm(hub)]))
    return hub


def rekeyed(hub: Hub) -> Hub:
    """Deliver the CRM with its keys given to other people."""
    rows = _crm(hub)
    keys = [row["CUST_ID"] for row in rows]
    keys = keys[7:] + keys[:7]
    deliver(
        hub, "crm/001.csv", as_csv([{**row, "CUST_ID": key} for row, key in zip(rows, keys, strict=True)])
    )
    return hub


def half_the_file(hub: Hub) -> Hub:
    """Deliver the first half of D&B as if it were the whole."""
    lines = _dnb(hub)
    deliver(hub, "dnb/001.jsonl", "".join(lines[: len(lines) // 2]))
    return hub


def _dnb(hub: Hub) -> list[str]:
    path = hub.config.root / "inbox" / "dnb" / "000.jsonl"
    return path.read_text(encoding="utf-8").splitlines(keepends=True)


def normal_delta(hub: Hub) -> Hub:
    """Deliver the CRM's generated changes: new, changed and deleted records."""
    deliver(hub, "crm/001.csv", (hub.config.root / "delta.csv").read_bytes())
    return hub


def new_source(hub: Hub) -> Hub:
    """Add Markit, file and configuration, as the source that is believed first."""
    deliver(hub, "markit/000.parquet", (hub.config.root / "markit.parquet").read_bytes())
    shutil.copy(hub.config.root / "whole.yaml", hub.config.root / "hub.yaml")
    return open_hub(hub.config.root, hub.place.home)


def growth(hub: Hub) -> Hub:
    """Deliver the rest of the CRM: over 40 % more people."""
    deliver(hub, "crm/001.csv", (hub.config.root / "rest.csv").read_bytes())
    return hub


def corrections(hub: Hub) -> Hub:
    """Deliver new phones, mails and addresses, and a corrected family name, for 3 % of the CRM."""
    rows = _crm(hub)
    chosen = rows[::33]
    changed = [
        {
            **row,
            "MOBILE_PHONE": f"(312) 555-{n:04}",
            "ADDR_LN_1": f"{n} Market Street",
            "LAST_NM": row["LAST_NM"] + "s",
        }
        for n, row in enumerate(chosen)
    ]
    deliver(hub, "crm/001.csv", as_csv(changed))
    return hub


def full_snapshot(hub: Hub) -> Hub:
    """Deliver D&B whole: 1 % of the records are gone, 5 % have another phone."""
    rows = [json.loads(line) for line in _dnb(hub)]
    kept = [row for n, row in enumerate(rows) if n % 100]
    for n, row in enumerate(kept):
        if n % 20 == 0:
            row |= {"telephoneNumber": f"312-555-{n:04}"[:12], "lastUpdateTimestamp": "2026-01-05T08:00:00Z"}
    deliver(
        hub,
        "dnb/001.jsonl",
        "".join(json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n" for row in kept),
    )
    return hub


Delivery = Callable[[Hub], Hub]
BAD: dict[str, Delivery] = {
    "nulls": nulls, "shifted columns": shifted_columns, "one phone everywhere": one_phone,
    "re-keyed source": rekeyed, "half the file as a snapshot": half_the_file,
}  # fmt: skip
GOOD: dict[str, Delivery] = {
    "normal delta": normal_delta, "new source added": new_source, "big but sane growth": growth,
    "corrections of 3 %": corrections, "full snapshot, few deletions": full_snapshot,
}  # fmt: skip
