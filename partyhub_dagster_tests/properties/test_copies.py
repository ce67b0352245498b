"""What a session reads from copies is what the lake holds, whoever wrote it and however a write ended."""

from collections.abc import Iterator

import pytest

from partyhub_dagster.errors import LakeError
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake import session as lake_session
from partyhub_dagster.lake import write
from partyhub_dagster.lake.copies import Copies
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.stage import read_delta, write_stage
from partyhub_dagster.lake.tables import DECISIONS, PARTY_CLUSTERS, WATERMARKS, all_tables
from partyhub_dagster.lake.write import write_transaction
from partyhub_dagster_tests.factories import decide, deliver
from partyhub_dagster_tests.laws import copies_are_the_lake
from partyhub_dagster_tests.people import BRIDGE

ROWS = "(select record_id, record_id as component_id, record_id as party_id, 1::double as confidence from numbers)"


@pytest.fixture
def session(hub: Hub) -> Iterator[Session]:
    with hub.place.connect() as con:
        session = Session(hub.place, con, "test")
        session.read_copies(all_tables(hub.config.attributes.values()))
        yield session


def numbers(session: Session, *numbers: int) -> None:
    """Create temp table `numbers` of records named after numbers."""
    listed = ", ".join(f"('00000000-0000-0000-0000-{n:012}'::uuid)" for n in numbers)
    session.con.execute(f"create or replace temp table numbers as from (values {listed}) as n(record_id)")


def test_every_way_to_write_goes_to_the_lake_and_to_its_copy(session: Session) -> None:
    numbers(session, 1, 2, 3)
    with write_transaction(session) as transaction:
        assert transaction.append(PARTY_CLUSTERS, ROWS) == 3
    copies_are_the_lake(session)
    numbers(session, 2, 3, 4)
    with write_transaction(session) as transaction:
        written = transaction.write_differences(PARTY_CLUSTERS, ROWS, None)
        transaction.upsert(PARTY_CLUSTERS, ROWS)
        assert transaction.update(WATERMARKS.name, "set fingerprint = 'other'") > 0
        assert (
            transaction.delete(PARTY_CLUSTERS.name, "record_id = (select max(record_id) from numbers)") == 1
        )
    assert written.removed > 0
    copies_are_the_lake(session)
    assert session.count("party_clusters") == session.count("lake.party_clusters") == 2
    assert session.changes().newest["party_clusters"] == transaction.epoch


def test_what_others_write_is_seen_at_the_next_look(hub: Hub, session: Session) -> None:
    before = session.changes()
    decide(hub, "SAME", "crm:1", "crm:2")
    assert session.count("decisions") == 0  # a session sees one state until it looks
    assert session.changes().head == before.head + 1
    assert session.count("decisions") == 1
    copies_are_the_lake(session)


def test_who_writes_sees_what_others_wrote_before(hub: Hub, session: Session) -> None:
    decide(hub, "SAME", "crm:1", "crm:2")
    with write_transaction(session) as transaction:
        assert session.count("decisions") == 1
        transaction.delete(DECISIONS.name, "true")
    assert session.count("decisions") == 0
    copies_are_the_lake(session)


def test_a_write_that_fails_leaves_copies_as_the_lake(hub: Hub, session: Session) -> None:
    numbers(session, 1)
    decide(hub, "SAME", "crm:1", "crm:2")

    def fails() -> None:
        with write_transaction(session) as transaction:
            transaction.append(PARTY_CLUSTERS, ROWS)
            session.con.execute("select error('here')")

    with pytest.raises(LakeError):
        fails()
    copies_are_the_lake(session)
    assert session.count("decisions") == 1


def test_a_delta_ends_where_the_copies_do(
    hub: Hub, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise what is written between copying and looking would count as seen."""
    monkeypatch.setattr(Copies, "follow", lambda *_: None)
    head = session.changes().head
    decide(hub, "SAME", "crm:1", "crm:2")
    delta = read_delta(session, "a stage", "fingerprint")
    assert delta.head == head
    write_stage(session, delta, lambda _: [])
    assert not read_delta(session, "a stage", "fingerprint").is_empty([DECISIONS])


def test_a_table_that_much_is_written_to_is_read_from_the_lake(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "MOST_ROWS_WRITTEN", 2)
    numbers(session, 1, 2, 3)
    with write_transaction(session) as transaction:
        transaction.append(PARTY_CLUSTERS, ROWS)
    assert PARTY_CLUSTERS.name not in session.copies.names
    name = session.con.execute("select count(*) from duckdb_tables() where table_name = 'party_clusters'"
                               " and database_name = 'temp'").fetchone()  # fmt: skip
    assert name == (0,)
    copies_are_the_lake(session)


def test_it_is_read_from_the_lake_also_if_the_write_fails(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "MOST_ROWS_WRITTEN", 2)
    numbers(session, 1, 2, 3)
    before = session.count("party_clusters")

    def fails() -> None:
        with write_transaction(session) as transaction:
            transaction.append(PARTY_CLUSTERS, ROWS)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    copies_are_the_lake(session)
    numbers(session, 4)
    with write_transaction(session) as transaction:
        transaction.append(PARTY_CLUSTERS, ROWS)
    assert session.count("party_clusters") == session.count("lake.party_clusters") == before + 1


def test_a_hub_of_many_records_is_read_from_the_lake(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake_session, "FEW_RECORDS", 2)
    with hub.run() as run:
        run.read_copies()
        assert not run.session.copies.in_use


def test_a_build_reads_copies_only_if_something_waits(hub: Hub) -> None:
    with hub.run() as run:
        run.build()
        assert not run.session.copies.in_use
    deliver(hub, "crm/2.csv", BRIDGE)
    with hub.run() as run:
        run.build()
        assert run.session.copies.in_use
        copies_are_the_lake(run.session)


def test_the_comparison_finds_a_copy_that_was_not_written_to(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers(session, 1)
    with write_transaction(session) as transaction, monkeypatch.context() as patched:
        patched.setattr(transaction.copies, "names", set())
        transaction.append(PARTY_CLUSTERS, ROWS)
    with pytest.raises(AssertionError, match="party_clusters"):
        copies_are_the_lake(session)
