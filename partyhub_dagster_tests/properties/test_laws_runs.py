"""Law 10, all or nothing, and what else a hub goes through: runs that die or meet, readers, moves, retirement."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from partyhub_dagster.errors import BusyError, ConfigError, ModelError, StaleError
from partyhub_dagster.hub import Hub, Run
from partyhub_dagster.identity import stage as identity_stage
from partyhub_dagster.lake import stage as lake_stage
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster.lake.stage import Delta, read_delta, write_stage
from partyhub_dagster.lake.tables import WATERMARKS
from partyhub_dagster.lake.write import WriteTransaction, write_transaction
from partyhub_dagster.normalize import stage as normalize_stage
from partyhub_dagster.sources.retire import retire_records
from partyhub_dagster.survivorship import stage as golden_stage
from partyhub_dagster_tests.factories import (
    advance,
    ask,
    build,
    copy_hub,
    deliver,
    make_hub,
    open_hub,
    partition_of,
    state_of,
)
from partyhub_dagster_tests.laws import (
    THOROUGH,
    law_4_equals_rebuild,
    law_5_every_id_answers,
    without_releases,
)
from partyhub_dagster_tests.people import BRIDGE, crm

# --- law 10

STEPS = ("load", "normalize", "block", "score", "cluster", "master", "check", "release")
DEADLY = STEPS if THOROUGH else ("master",)


class KilledError(BaseException):
    """Ends a run without any of its clean-up that counts on an ordinary exception."""


@pytest.mark.parametrize("step", DEADLY)
def test_law_10_a_run_that_dies_before_any_stage_is_carried_on_by_the_next(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    deliver(
        hub, "crm/2.csv", crm("1,2,D,,,,", "5,2,U,Farid Haddad,1979-09-09,212-555-0133,farid@haddad.test")
    )
    released = _released(hub)

    def die(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(Run, step, die)
        with pytest.raises(KilledError):
            build(hub)
    assert _released(hub) == released, "readers saw a hub between two stages"
    build(hub)
    law_4_equals_rebuild(hub)
    law_5_every_id_answers(hub)


def _released(hub: Hub) -> list[tuple[Any, ...]]:
    with read_release(hub.place) as (con, _):
        return con.execute("select * from golden_parties order by party_id").fetchall()


@pytest.mark.parametrize("module", [golden_stage, *([normalize_stage, identity_stage] if THOROUGH else [])])
def test_law_10_a_write_that_fails_leaves_the_stage_as_it_was(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    deliver(hub, "crm/2.csv", BRIDGE)
    with monkeypatch.context() as patched:
        patched.setattr(module, "write_stage", _dying(write_stage))
        with pytest.raises(KilledError):
            advance(hub)
    advance(hub)
    law_4_equals_rebuild(without_releases(hub))


def test_law_10_finds_a_watermark_that_moves_before_its_rows(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(hub, "crm/2.csv", BRIDGE)

    def early(session: Any, delta: Delta, write: Callable[[WriteTransaction], Any]) -> Any:
        write_stage(session, delta, lambda _: [])
        moved = dataclasses.replace(delta, watermark=delta.head)
        return _dying(write_stage)(session, moved, write)

    with monkeypatch.context() as patched:
        patched.setattr(identity_stage, "write_stage", early)
        with pytest.raises(KilledError):
            advance(hub)
    advance(hub)
    with pytest.raises(AssertionError):
        law_4_equals_rebuild(without_releases(hub))


def _dying(write_stage: Callable[..., Any]) -> Callable[..., Any]:
    def dying(session: Any, delta: Delta, write: Callable[[WriteTransaction], Any]) -> Any:
        def half(transaction: WriteTransaction) -> Any:
            write(transaction)
            raise KilledError

        return write_stage(session, delta, half)

    return dying


def test_a_stage_that_another_run_has_advanced_writes_nothing(hub: Hub) -> None:
    with hub.run() as run:
        con = run.session.con
        mine = read_delta(run.session, "normalized_parties", "other fingerprint")
        lake_stage.write_stage(run.session, mine, lambda _: [])
        before = state_of(hub, epochs=True)
        with write_transaction(run.session) as transaction:
            con.execute("create or replace temp table w as select 'normalized_parties' as stage,"
                        f" {mine.head + 5}::bigint as watermark, 'x' as fingerprint")  # fmt: skip
            transaction.upsert(WATERMARKS, "w")
        with pytest.raises(StaleError):
            lake_stage.write_stage(run.session, mine, lambda _: [])
    assert state_of(hub, epochs=True) == before


def test_two_runs_at_once_are_refused_and_readers_are_not(hub: Hub) -> None:
    with hub.run(), pytest.raises(BusyError), hub.run():
        pass
    with hub.run() as run:
        released = _released(hub)
        deliver(hub, "crm/2.csv", BRIDGE)
        run.load("crm")
        run.normalize()
        assert _released(hub) == released


def test_a_hub_can_be_moved(hub: Hub, tmp_path: Path) -> None:
    moved = copy_hub(hub, tmp_path / "elsewhere")
    deliver(moved, "crm/2.csv", BRIDGE)
    advance(moved)
    assert partition_of(moved) != partition_of(hub)


def test_readers_of_an_older_release_see_it_unchanged(hub: Hub) -> None:
    before = _released(hub)
    deliver(hub, "crm/2.csv", BRIDGE)
    build(hub)
    assert _released(hub) != before
    with read_release(hub.place, 1) as (con, release):
        assert release.number == 1
        assert con.execute("select * from golden_parties order by party_id").fetchall() == before


def test_histories_that_are_open_are_the_state(hub: Hub) -> None:
    deliver(hub, "crm/2.csv", BRIDGE.rstrip() + "\n6,2,D,,,,\n")
    build(hub)
    held = ask(hub, "select record_id, party_id from membership_history where valid_to is null order by all")
    assert held == ask(hub, "select record_id, party_id from party_clusters order by all")
    open_parties = ask(hub, "select party_id from golden_history where valid_to is null order by all")
    assert open_parties == ask(hub, "select party_id from golden_parties order by all")
    assert ask(hub, "select count(*) from membership_history where valid_to is not null") == [(2,)]


TWO_KINDS = """
version: 1
name: two
sources:
  crm: {path: inbox/crm/*.csv, key: ID, kind: person, columns: {NAME: person_name, MAIL: email}}
  org: {path: inbox/org/*.csv, key: ID, kind: organization, columns: {NAME: organization_name, PHONE: phone}}
"""


@pytest.mark.slow
def test_the_last_source_of_a_kind_can_be_retired_and_put_back(tmp_path: Path) -> None:
    hub = make_hub(tmp_path, TWO_KINDS)
    deliver(hub, "crm/1.csv", "ID,NAME,MAIL\n1,Ann Miller,ann@x.test\n")
    deliver(
        hub, "org/1.csv", "ID,NAME,PHONE\n1,Acme Rockets Ltd,2125550134\n2,Acme Rockets Limited,2125550134\n"
    )
    build(hub)
    whole = partition_of(hub)
    without = make_hub(
        tmp_path, "\n".join(line for line in TWO_KINDS.splitlines() if "org:" not in line) + "\n"
    )
    with pytest.raises(ConfigError, match="does not name"):
        build(without)
    with without.run() as run:
        assert retire_records(run.session, without.config, "org") == 2
    build(without)
    assert partition_of(without) == {frozenset({"crm:1"})}
    law_4_equals_rebuild(without)
    law_5_every_id_answers(without)
    again = make_hub(tmp_path, TWO_KINDS)
    build(again)
    assert partition_of(again) == whole
    law_4_equals_rebuild(again)


def test_an_attribute_taken_out_and_put_back_has_its_values_again(hub: Hub) -> None:
    mails = ask(hub, "select party_id, email from golden_parties order by party_id")
    yaml = (hub.config.root / "hub.yaml").read_text()
    note = "{type: text, attribute: note}"
    without = yaml.replace("MAIL: email", f"MAIL: {note}").replace("mail: email", f"mail: {note}")
    with make_hub(hub.config.root, without).run():
        pass  # opened, and no stage ran
    again = make_hub(hub.config.root, yaml)
    advance(again)
    assert ask(again, "select party_id, email from golden_parties order by party_id") == mails


def test_other_matching_settings_on_a_hub_too_small_to_learn_from_keep_the_shipped_weights(hub: Hub) -> None:
    before = partition_of(hub)
    file = hub.config.root / "hub.yaml"
    file.write_text(file.read_text() + "matching: {person: {on_large_block: stop}}\n", encoding="utf-8")
    changed = open_hub(hub.config.root)
    with pytest.raises(ModelError, match=r"matching\.person"):
        build(changed)
    with changed.run() as run:
        assert run.train("person", activate=True).origin == "shipped"
    build(changed)
    assert partition_of(changed) == before
