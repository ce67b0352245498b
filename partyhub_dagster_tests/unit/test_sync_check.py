"""A consumer can prove that its copy equals the hub, and finds out where it does not."""

import hashlib
import json
from collections import defaultdict
from pathlib import Path

import duckdb
import pytest

from partyhub_dagster.answers.sync_check import check_sync
from partyhub_dagster.errors import NotFoundError, SourceError
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster_tests.factories import ask, id_of
from partyhub_dagster_tests.program import Program

Members = set[tuple[str, str]]


def members_at(hub: Hub, release: int) -> Members:
    with read_release(hub.place, release) as (con, _):
        return set(con.execute("select party_id::varchar, record_id::varchar from party_clusters").fetchall())


def write_members(path: Path, members: Members) -> Path:
    path.write_text("party_id,record_id\n" + "".join(f"{p},{r}\n" for p, r in sorted(members)))
    return path


def checksums(members: Members) -> dict[str, str]:
    """The recipe of the documents, as a consumer would program it."""
    buckets: dict[str, list[str]] = defaultdict(list)
    for party, record in sorted(members):
        buckets[party[:2]].append(f"{party},{record}\n")
    return {bucket: hashlib.sha256("".join(lines).encode()).hexdigest() for bucket, lines in buckets.items()}


def test_checksums_are_those_that_a_consumer_computes(history_hub: Hub) -> None:
    answer = check_sync(history_hub)
    held = members_at(history_hub, 3)
    assert {bucket.bucket: bucket.checksum for bucket in answer.buckets} == checksums(held)
    assert (answer.parties, answer.records) == (len({p for p, _ in held}), len(held))


def test_a_copy_is_held_against_the_sequence_that_it_stands_at(history_hub: Hub, tmp_path: Path) -> None:
    ((sequence,),) = ask(history_hub, "select lineage_seq from releases where number = 2")
    copy = write_members(tmp_path / "copy.csv", members_at(history_hub, 2))
    assert check_sync(history_hub, copy, sequence).differing == 0
    assert check_sync(history_hub, copy).differing > 0


def test_parties_that_differ_are_named(history_hub: Hub, tmp_path: Path) -> None:
    held = members_at(history_hub, 3)
    (one, of_one), (two, of_two), *_ = sorted(held)
    wrong = (held - {(one, of_one), (two, of_two)}) | {(two, of_one), ("ff" * 16, of_two)}
    answer = check_sync(history_hub, write_members(tmp_path / "copy.csv", wrong))
    told = {found.id: found.what for found in answer.differences}
    assert told[one] in {"missing in the copy", "members differ"}
    assert (told[two], told["ff" * 16]) == ("members differ", "not in the hub")
    assert answer.differing == len(told)


def test_checksums_of_a_copy_name_the_buckets_that_differ(history_hub: Hub, tmp_path: Path) -> None:
    sums = checksums(members_at(history_hub, 3))
    first, second, *_ = sums
    wrong = {**sums, first: "00" * 32, "zz": "11" * 32}
    wrong.pop(second)
    copy = tmp_path / "sums.jsonl"
    copy.write_text("".join(json.dumps({"bucket": b, "checksum": c}) + "\n" for b, c in wrong.items()))
    answer = check_sync(history_hub, copy)
    assert {found.id: found.what for found in answer.differences} == {
        first: "checksum differs", second: "missing in the copy", "zz": "not in the hub",
    }  # fmt: skip


def test_golden_values_are_compared_attribute_by_attribute(history_hub: Hub, tmp_path: Path) -> None:
    copy = tmp_path / "golden.parquet"
    with read_release(history_hub.place) as (con, _):
        con.execute("create temp table golden as select * from golden_parties")
        con.execute(
            f"copy (select party_id::varchar as party_id, name, phone from golden) to '{copy}' (format parquet)"
        )
    answer = check_sync(history_hub, copy)
    assert (answer.differing, answer.compared) == (0, "values of name, phone")
    changed = tmp_path / "changed.parquet"
    party = str(id_of("crm:4"))
    duckdb.sql(
        f"copy (select * replace (if(party_id = '{party}', 'Someone', name) as name) from '{copy}') to '{changed}'"
    )
    (found,) = check_sync(history_hub, changed).differences
    assert (found.id, found.what) == (party, "differs in name")


def test_a_value_that_is_none_of_its_attribute_or_a_party_that_is_there_twice_differs(
    history_hub: Hub, tmp_path: Path
) -> None:
    with read_release(history_hub.place) as (con, _):
        con.execute("create temp table golden as select * from golden_parties")
        held = con.execute("select party_id::varchar, email::varchar from golden order by 1").fetchall()
    without = [party for party, email in held if email is None]
    lines = [f"{party},{'no list' if email is None else email}" for party, email in held]
    copy = tmp_path / "golden.csv"
    copy.write_text("\n".join(["party_id,email", *lines, lines[0], f"{'ff' * 16},[x@y.test]", ""]))
    told = {found.id: found.what for found in check_sync(history_hub, copy).differences}
    assert without
    assert told == {
        **dict.fromkeys(without, "differs in email"),
        held[0][0]: "there more than once",
        "ff" * 16: "not in the hub",
    }


def test_what_cannot_be_compared_says_so(history_hub: Hub, tmp_path: Path) -> None:
    copy = tmp_path / "copy.csv"
    copy.write_text("id\n1\n")
    with pytest.raises(SourceError, match="nothing was compared"):
        check_sync(history_hub, copy)
    with pytest.raises(SourceError, match="could not be read"):
        check_sync(history_hub, tmp_path / "nowhere.csv")
    with pytest.raises(SourceError, match=r"no \.csv"):
        check_sync(history_hub, tmp_path / "copy.xml")
    with pytest.raises(NotFoundError, match="released events up to"):
        check_sync(history_hub, sequence=1_000)
    copy.write_text(f"party_id,name\n{id_of('crm:4')},x\n")
    with pytest.raises(NotFoundError, match="No release ends with event 1,"):
        check_sync(history_hub, copy, 1)


def test_the_command_ends_with_1_where_a_copy_differs(
    history_hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = Program(monkeypatch, capsys).on(history_hub)
    held = members_at(history_hub, 3)
    assert "Equal, by members." in program.say("sync-check", str(write_members(tmp_path / "same.csv", held)))
    other = write_members(tmp_path / "other.csv", members_at(history_hub, 2))
    code, out, _ = program.run("sync-check", str(other), "--json")
    assert (code, json.loads(out)["equal"]) == (1, False)
    assert {line.split()[-1] for line in program.say("sync-check").splitlines()[2:]} == set(
        checksums(held).values()
    )
