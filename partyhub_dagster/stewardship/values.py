"""Golden values before and after: both mastered from the records by the rules of hub.yaml."""

from typing import Any

from partyhub_dagster.config import HubConfig
from partyhub_dagster.lake.metadata import quote_name
from partyhub_dagster.lake.session import Session
from partyhub_dagster.survivorship.golden import master_parties


def changed_values(session: Session, config: HubConfig) -> list[dict[str, Any]]:
    """List the attributes that would differ, by the party they would be in, beside what they are today.

    A party that others would join has several values today, a part that would be split off that of the whole.
    Reads temp tables preview_parties, pins_before and pins_after.
    """
    _register_members(session)
    for when in ("before", "after"):
        members, out = f"preview_members_{when}", f"preview_golden_{when}"
        master_parties(
            session.con, members, "preview_records", f"pins_{when}", config, out, "preview_confidence"
        )
    changed = [found for attribute in config.attributes for found in _changes_of(session, attribute)]
    session.drop(
        "preview_members_before", "preview_members_after", "preview_records", "preview_confidence",
        "preview_golden_before", "preview_golden_after",
    )  # fmt: skip
    return changed


def _register_members(session: Session) -> None:
    """Create the temp tables that mastering reads, for parties whose members or pins would differ."""
    con = session.con
    con.execute(
        """
        create or replace temp table preview_members_after as
        with pinned as (
            select record_id from (from pins_before except from pins_after)
            union select record_id from (from pins_after except from pins_before)
        ),
        shares as (select before_id, after_id, count(*) as shared from preview_parties group by all),
        sizes as (
            select *, sum(shared) over (partition by before_id) as before_size,
                sum(shared) over (partition by after_id) as after_size
            from shares
        ),
        differing as (
            select after_id from sizes where shared <> before_size or shared <> after_size or before_id <> after_id
            union select after_id from preview_parties semi join pinned using (record_id)
        )
        select after_id as party_id, record_id from preview_parties semi join differing using (after_id)
        """
    )
    con.execute(
        "create or replace temp table preview_members_before as select before_id as party_id, record_id"
        " from preview_parties semi join (select distinct before_id from preview_parties"
        " semi join preview_members_after using (record_id)) using (before_id)"
    )
    con.execute(
        "create or replace temp table preview_records as from normalized_parties"
        " semi join preview_members_before using (record_id)"
    )
    con.execute("create or replace temp table preview_confidence (party_id uuid, confidence double)")


def _changes_of(session: Session, attribute: str) -> list[dict[str, Any]]:
    column = quote_name(attribute)
    rows = session.con.execute(
        f"""
        with origin as (
            select distinct p.after_id, p.before_id from preview_parties as p
            semi join preview_members_after as m on m.record_id = p.record_id
        )
        select a.party_id::varchar, any_value(a.{column}),
            map_from_entries(list((b.party_id::varchar, b.{column}) order by b.party_id))
        from preview_golden_after as a join origin as o on o.after_id = a.party_id
        join preview_golden_before as b on b.party_id = o.before_id
        group by a.party_id having bool_or(b.{column} is distinct from a.{column}) order by a.party_id
        """
    ).fetchall()
    return [
        {"party_id": party, "attribute": attribute, "before": _plain(before), "after": _plain(after)}
        for party, after, before in rows
    ]


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: dates as text."""
    match value:
        case dict():
            return {key: _plain(held) for key, held in value.items()}
        case list():
            return [_plain(held) for held in value]
        case None | str() | int() | float():
            return value
        case _:
            return str(value)
