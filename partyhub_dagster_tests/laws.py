"""The laws as checks of a hub; each is tried on planted bugs too."""

import os
from collections.abc import Collection
from typing import Any

from partyhub_dagster.answers.parties import resolve_party
from partyhub_dagster.answers.verification import verify_hub
from partyhub_dagster.errors import NotFoundError
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.metadata import quote_name
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.snapshots import read_changes
from partyhub_dagster.lake.tables import all_tables, golden_table
from partyhub_dagster_tests.factories import ask, rows_of, snapshot_of

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"  # whether long sweeps are asked for
LOGS = {
    "hub_epoch",
    "watermarks",
    "dq_results",
    "dq_parts",
    "run_stages",
}  # what a run that changes nothing may still write


def law_2_nothing_changed(before: dict[str, Any], after: dict[str, Any]) -> None:
    """No row of any table was written, whatever its content."""
    assert [name for name in before if before[name] != after[name]] == []


def everything(hub: Hub, *, but: Collection[str] = ()) -> dict[str, Any]:
    """Return every row of every table with its epoch, and the number of the newest snapshot."""
    tables = [t for name, t in all_tables(hub.config.attributes.values()).items() if name not in but]
    return {"snapshot": None if but else snapshot_of(hub), **rows_of(hub, tables, epochs=True)}


def law_3_same_answers(one: Hub, other: Hub) -> None:
    """Two hubs have the same parties with the same golden values, whatever the parties are called."""
    assert golden_by_members(one) == golden_by_members(other)


def golden_by_members(hub: Hub) -> dict[frozenset[str], tuple[Any, ...]]:
    """Return golden records without their ids, by the keys of their members."""
    golden = golden_table(hub.config.attributes.values())
    columns = ", ".join(quote_name(name) for name in sorted(golden.column_names) if name != "party_id")
    rows = ask(
        hub,
        f"select keys, {columns} from golden_parties join ("
        " select party_id, list(source || ':' || source_record_id) as keys from party_clusters"
        " join source_parties using (record_id) group by party_id) using (party_id)",
    )
    return {frozenset(row[0]): row[1:] for row in rows}


def law_4_equals_rebuild(hub: Hub) -> None:
    """The state equals a fresh build, and no change is missing from what the stages are told of changes."""
    assert verify_hub(hub)["differences"] == []
    with hub.place.connect(read_only=True) as con:
        newest = read_changes(con).newest
        for table in all_tables(hub.config.attributes.values()):
            written = f"select epoch from {table} union all select epoch from removed_keys where table_name = '{table}'"
            [(epoch,)] = con.execute(f"select coalesce(max(epoch), 0) from ({written})").fetchall()
            assert epoch <= newest.get(table, 0), table


def copies_are_the_lake(session: Session) -> None:
    """What a session reads from copies is what the lake holds, row by row."""
    session.changes()  # looks whether others have written
    for name in session.copies.names:
        sides = f"temp.main.{name}", f"lake.{name}"
        for one, other in (sides, sides[::-1]):
            assert session.count(f"(from {one} except all from {other})") == 0, name


def law_5_every_id_answers(hub: Hub) -> None:
    """An id that was ever a party's leads to its record's party of today, to a successor, or is known as retired."""
    with hub.place.connect(read_only=True) as con:
        issued = con.execute("select distinct party_id from party_lineage").fetchall()
        party = dict(con.execute("select record_id, party_id from party_clusters").fetchall())
        for (old,) in issued:
            try:
                found = resolve_party(con, old)
            except NotFoundError as error:
                assert old not in party, "a live record's id leads nowhere"
                assert "retired" in str(error), "an id was forgotten"  # noqa: PT017
            else:
                assert found == party.get(old, found)
                assert found in party.values()


def law_7_rules(hub: Hub) -> dict[str, int]:
    """Return the rules about explaining that do not hold, with the rows that break them."""
    rows = ask(
        hub,
        "select rule, rows_failed from dq_results where rule in"
        " ('provenance_is_complete', 'lineage_replays_to_parties', 'lineage_has_no_gap') and not passed",
    )
    return dict(rows)


def without_releases(hub: Hub) -> Hub:
    """Let verify look at the head."""
    with hub.place.connect() as con:
        con.execute("delete from releases")
    return hub
