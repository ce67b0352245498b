"""Upkeep lets go of what nothing needs, and of nothing else."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from partyhub_dagster.answers.verification import verify_hub
from partyhub_dagster.config.upkeep import Upkeep
from partyhub_dagster.errors import BusyError, InvariantError, NotFoundError
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake import upkeep
from partyhub_dagster.lake.catalog import catalog_size
from partyhub_dagster.lake.connection import locked
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster.lake.rollbacks import roll_back
from partyhub_dagster.lake.tables import FIXED_TABLES, STREAM_MESSAGES
from partyhub_dagster.lake.upkeep import UpkeepReport, keep_up
from partyhub_dagster.lake.write import write_transaction
from partyhub_dagster_tests.factories import ask, build, copy_hub, deliver, state_of
from partyhub_dagster_tests.people import crm

pytestmark = pytest.mark.slow

TWO = Upkeep(keep_releases=2, keep_days=0, delete_after_hours=0)
ONE = Upkeep(keep_releases=1, keep_days=0, delete_after_hours=0)


@pytest.fixture
def hub(history_hub: Hub, tmp_path: Path) -> Hub:
    return copy_hub(history_hub, tmp_path / "copy")


def run_upkeep(hub: Hub, keep: Upkeep, *, dry_run: bool = False) -> UpkeepReport:
    with hub.run() as run:
        return keep_up(run.session, keep, datetime.now(UTC), dry_run=dry_run)


def contents(hub: Hub, release: int) -> dict[str, list[Any]]:
    """Every row of every table as a release shows it."""
    names = [table.name for table in FIXED_TABLES] + ["golden_parties"]
    with read_release(hub.place, release) as (con, _):
        return {name: sorted(map(repr, con.execute(f"select * from {name}").fetchall())) for name in names}


def test_kept_releases_say_what_they_said_and_older_ones_are_gone(hub: Hub) -> None:
    before, state = {number: contents(hub, number) for number in (2, 3)}, state_of(hub)
    files = catalog_size(hub.place.catalog)
    report = run_upkeep(hub, TWO)
    assert report.releases_kept == 2
    assert report.snapshots_expired > 20
    assert catalog_size(hub.place.catalog).snapshots < files.snapshots / 4
    assert {number: contents(hub, number) for number in (2, 3)} == before
    assert state_of(hub) == state
    with pytest.raises(NotFoundError, match="no longer kept"), read_release(hub.place, 1):
        pass
    deliver(hub, "crm/4.csv", crm("7,2,D,,,,", "1,2,U,Ann Miller,1980-02-03,212-555-0135,ann@mail.test"))
    assert build(hub).release is not None
    run_upkeep(hub, TWO)
    assert contents(hub, 3) == before[3]
    assert verify_hub(hub)["equal"]


def test_a_dry_run_says_what_would_go_and_changes_nothing(hub: Hub) -> None:
    before = catalog_size(hub.place.catalog).snapshots
    told = run_upkeep(hub, TWO, dry_run=True)
    assert told.snapshots_expired > 20
    assert catalog_size(hub.place.catalog).snapshots == before
    assert run_upkeep(hub, TWO).snapshots_expired == told.snapshots_expired


def test_a_release_stays_while_somebody_reads_it(hub: Hub) -> None:
    query = "select count(*), sum(hash(record_id, party_id)::hugeint) from party_clusters"
    with read_release(hub.place, 1) as (con, _):
        said = con.execute(query).fetchone()
        assert run_upkeep(hub, TWO).snapshots_leased == 1
        assert con.execute(query).fetchone() == said
    assert run_upkeep(hub, TWO).snapshots_leased == 0
    with pytest.raises(NotFoundError, match="no longer kept"), read_release(hub.place, 1):
        pass


def test_the_release_that_readers_went_back_to_stays(hub: Hub) -> None:
    with hub.run() as run:
        roll_back(run.session, 1, "eva", "test")
    run_upkeep(hub, ONE)
    with read_release(hub.place) as (con, release):
        assert release.number == 1
        assert con.execute("select count(*) from golden_parties").fetchone() == (7,)


_KILLED = """
import os, signal, sys
from pathlib import Path
from partyhub_dagster.lake.connection import LakePlace
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.write import write_transaction
place = LakePlace(Path(sys.argv[1]))
with place.connect() as con, write_transaction(Session(place, con, "test")):
    con.execute("insert into load_profiles select uuid(), 'c', 1, 1, 1, 1, 1, 1, 1, 0 from range(5000)")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_files_of_a_killed_writer_go_after_the_time_of_grace(hub: Hub) -> None:
    before = parquet_of(hub)
    ended = subprocess.run([sys.executable, "-c", _KILLED, str(hub.place.home)], check=False)
    orphans = parquet_of(hub) - before
    assert (ended.returncode, len(orphans)) == (-signal.SIGKILL, 1)
    patient = Upkeep(keep_releases=10, delete_after_hours=1)
    assert run_upkeep(hub, patient).orphans_deleted == 0
    assert orphans <= parquet_of(hub)
    old = (datetime.now(UTC) - timedelta(hours=2)).timestamp()
    for file in orphans:
        os.utime(file, (old, old))
    assert run_upkeep(hub, patient).orphans_deleted == 1
    assert not orphans & parquet_of(hub)


def parquet_of(hub: Hub) -> set[Path]:
    return set(hub.place.data.rglob("*.parquet"))


def test_removed_keys_are_forgotten_once_every_stage_and_kept_release_has_seen_them(hub: Hub) -> None:
    (first,) = ask(hub, "select min(epoch), count(*) from removed_keys")
    assert run_upkeep(hub, Upkeep()).removed_keys_pruned == 0  # release 1 is kept and has not seen one
    assert ask(hub, "select min(epoch), count(*) from removed_keys") == [first]
    deliver(hub, "crm/4.csv", crm("8,2,D,,,,"))
    with hub.run() as run:
        run.load("crm")
        run.normalize()  # written, and not yet seen by the stages behind it
    report = run_upkeep(hub, ONE)
    assert report.removed_keys_pruned > 0
    build(hub)
    assert verify_hub(hub)["equal"]


def test_old_messages_go_but_those_in_quarantine(hub: Hub) -> None:
    with hub.run() as run, write_transaction(run.session) as transaction:
        values = dict.fromkeys(STREAM_MESSAGES.column_names, "null")
        values |= {
            "topic": "'raw'",
            "partition": "0",
            "source": "'crm'",
            "load_id": "(select min(load_id) from load_audit)",
        }
        rows = " union all ".join(
            f"select {', '.join(f'{value} as {name}' for name, value in told.items())}"
            for n, outcome in enumerate(("stored", "quarantined", "unchanged"))
            if (told := values | {"message_offset": str(n), "outcome": f"'{outcome}'"})
        )
        transaction.append(STREAM_MESSAGES, f"({rows})")
    run_upkeep(hub, TWO)
    assert ask(hub, "select count(*), 0 from stream_messages") == [(3, 0)]
    run_upkeep(hub, TWO.model_copy(update={"keep_messages_days": 0}))
    assert ask(hub, "select outcome, message_offset from stream_messages") == [("quarantined", 1)]


def test_old_results_of_checks_go_but_the_newest_of_each_and_a_build_finds_nothing_changed(hub: Hub) -> None:
    with hub.place.connect(read_only=True) as con:
        held = con.execute("select count(*), count(distinct rule) from dq_results").fetchone()
    assert held is not None
    assert held[0] > held[1]
    assert run_upkeep(hub, TWO).results_pruned == 0
    assert run_upkeep(hub, TWO.model_copy(update={"keep_results_days": 0})).results_pruned > held[0] - held[1]
    with hub.place.connect(read_only=True) as con:
        left = con.execute("select count(*), count(distinct rule) from dq_results").fetchone()
        parts = con.execute("select count(*) from dq_parts anti join dq_results using (result_id)").fetchone()
        assert con.execute("select count(*) from run_stages").fetchone() == (0,)
    assert left == (held[1], held[1])
    assert parts == (0,)
    shown = ask(hub, "select max(number) from releases")
    build(hub)
    assert ask(hub, "select max(number) from releases") == shown


def test_a_compaction_that_changes_a_release_is_taken_back(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    before, size = contents(hub, 3), catalog_size(hub.place.catalog).snapshots
    real = upkeep.release_fingerprints
    told: list[Any] = []

    def another(con: Any, snapshots: Any) -> Any:
        told.append(real(con, snapshots))
        return told[0] if len(told) == 1 else {**told[1], (0, "planted"): (1, 1)}

    monkeypatch.setattr(upkeep, "release_fingerprints", another)
    with pytest.raises(InvariantError, match="put back"):
        run_upkeep(hub, TWO)
    assert contents(hub, 3) == before
    assert contents(hub, 1)
    assert catalog_size(hub.place.catalog).snapshots >= size
    assert build(hub).release is not None


def test_upkeep_and_backup_take_turns(hub: Hub) -> None:
    with (
        locked(hub.place.home / upkeep.FILES_LOCK, wait=False, holder="upkeep or backup"),
        pytest.raises(BusyError),
    ):
        run_upkeep(hub, TWO)
