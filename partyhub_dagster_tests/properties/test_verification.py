"""Verify, in full and by sample: what it finds, what it names, and when it refuses to compare."""

import hashlib
import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from partyhub_dagster.answers.verification import verify_hub
from partyhub_dagster.errors import ConfigError, NotFoundError
from partyhub_dagster.hub import Hub
from partyhub_dagster_tests.factories import ask, build, copy_hub, decide, deliver, id_of
from partyhub_dagster_tests.laws import without_releases
from partyhub_dagster_tests.people import crm

ALL = 1_000
PLANTED = """
update normalized_parties set name_family = 'Planted' where record_id = '{crm:8}';
delete from blocking_keys where record_id = '{crm:8}' and rule = 'phone';
delete from match_edges where record_id in ('{crm:1}', '{web:b}') and other_id in ('{crm:1}', '{web:b}');
insert into match_edges by name select * replace ('{crm:5}'::uuid as record_id, '{crm:7}'::uuid as other_id)
    from match_edges limit 1;
update match_edges set weight = weight + 1 where record_id = '{crm:3}' and other_id = '{web:a}';
update party_clusters set component_id = '{crm:7}', confidence = 0.5 where record_id = '{crm:4}';
update party_clusters set party_id = '{crm:7}' where record_id = '{web:d}';
update golden_parties set birth_date = '1900-01-01' where party_id = '{crm:5}';
update golden_parties set provenance = map_from_entries(list_transform(map_entries(provenance),
    lambda e: {{'key': e.key, 'value':
        list_transform(e.value, lambda p: {{'record_id': p.record_id, 'rule': 'guess'}})}}))
    where party_id = '{crm:7}';
delete from party_clusters where record_id = '{crm:2}';
insert into golden_parties from golden_parties where party_id = '{web:d}'
"""
FOUND = {
    ("normalized_parties", "values differ", ("name_family",)): {"crm:8"},
    ("blocking_keys", "only in the rebuild", ()): {"crm:8"},
    ("match_edges", "only in the hub", ()): {"crm:5", "crm:7"},
    ("match_edges", "values differ", ("weight",)): {"crm:3", "web:a"},
    ("match_edges", "only in the rebuild", ()): {"crm:1", "web:b"},
    ("party_clusters", "values differ", ("component_id", "party_id", "confidence")): {"crm:4", "web:d"},
    ("party_clusters", "only in the rebuild", ()): {"crm:2"},
    ("golden_parties", "several rows of one key in the hub", ()): {"web:d"},
    ("golden_parties", "values differ", ("birth_date", "provenance")): {"crm:5", "crm:7"},
}


@pytest.fixture(name="hub", scope="module")
def _hub(history_hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """Decisions of every sort stand, and a pin belongs to a record that is gone."""
    hub = copy_hub(history_hub, tmp_path_factory.mktemp("steered") / "hub")
    decide(hub, "SAME", "crm:5", "crm:8")
    decide(hub, "SAME", "crm:8", "crm:404")
    decide(hub, "NOT_SAME", "crm:4", "web:c")
    decide(hub, "PIN", "crm:1", attribute="name", value="Pinned One")
    decide(hub, "PIN", "crm:7", attribute="name", value="Pinned Seven")
    decide(hub, "REVOKE", revokes=decide(hub, "PIN", "crm:7", attribute="name", value="Revoked"))
    deliver(hub, "crm/4.csv", crm("1,2,D,,,,"))
    assert build(hub).release is not None
    return hub


@pytest.fixture(name="broken", scope="module")
def _broken(history_hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """Every table of the state was changed behind the hub's back, as no build would."""
    return plant(copy_hub(history_hub, tmp_path_factory.mktemp("broken") / "hub"), PLANTED)


def plant(hub: Hub, statements: str) -> Hub:
    keys = [f"{source}:{key}" for source, keys in (("crm", "1234578"), ("web", "abcd")) for key in keys]
    for key in keys:
        statements = statements.replace(f"{{{key}}}", str(id_of(key)))
    with without_releases(hub).place.connect() as con:
        for statement in statements.replace("{{", "{").replace("}}", "}").split(";"):
            con.execute(statement)
    return hub


def named(answer: dict[str, Any]) -> dict[tuple[str, str, tuple[str, ...]], set[str]]:
    return {(d["table"], d["what"], tuple(d["columns"])): set(d["records"]) for d in answer["differences"]}


@pytest.mark.parametrize("sample", [None, ALL])
def test_every_planted_divergence_is_named_with_its_stage_record_and_column_and_no_value(
    broken: Hub, sample: int | None
) -> None:
    answer = verify_hub(broken, sample)
    assert named(answer) == {found: {str(id_of(key)) for key in keys} for found, keys in FOUND.items()}
    assert (answer["equal"], answer["first_stage"]) == (False, "normalized_parties")
    told = str(answer)
    hashes = {
        row[0] for row in ask(broken, "select key_hash from blocking_keys")
    }  # one gives a phone number away
    assert not [
        value for value in ("Planted", "1900", "Volkov", "212555", *map(str, hashes)) if value in told
    ]


@pytest.mark.parametrize("sample", [None, ALL, 2])
def test_a_hub_that_people_steer_equals_its_rebuild(hub: Hub, sample: int | None) -> None:
    answer = verify_hub(hub, sample)
    assert answer["differences"] == []
    parties = ask(hub, "select count(*), count(distinct component_id) from party_clusters")
    assert answer["parties"] >= (2 if sample == 2 else ask(hub, "select count(*) from golden_parties")[0][0])
    if sample:
        assert answer["sampled"]["components"] == min(sample, parties[0][1])
        assert answer["sampled"]["seed"] == answer["release"]


def test_a_link_out_of_the_sample_that_the_hub_has_missed_is_found(hub: Hub, tmp_path: Path) -> None:
    missed = plant(
        copy_hub(hub, tmp_path / "missed"),
        "delete from match_edges where '{web:a}' in (record_id::varchar, other_id::varchar);"
        "update party_clusters set component_id = record_id, party_id = record_id, confidence = null"
        " where record_id in ('{web:a}', '{crm:3}')",
    )
    components = [str(row[0]) for row in ask(missed, "select distinct component_id from party_clusters")]
    seed = next(
        seed
        for seed in itertools.count()
        if min(components, key=lambda c: _drawn(seed, c)) == str(id_of("web:a"))
    )
    answer = verify_hub(missed, 1, seed)
    assert answer["sampled"]["records"] == 1
    ends = {str(id_of("web:a")), str(id_of("crm:3"))}
    found = named(answer)
    assert found["match_edges", "only in the rebuild", ()] == ends
    clusters = next(records for (table, *_), records in found.items() if table == "party_clusters")
    assert clusters == ends


def test_a_head_without_release_is_compared_only_if_it_is_whole_and_of_this_hub_yaml(
    history_hub: Hub, tmp_path: Path
) -> None:
    copy = without_releases(copy_hub(history_hub, tmp_path / "copy"))
    sources = copy.config.survivorship_section.model_copy(update={"sources": ("web", "crm")})
    other = replace(copy, config=copy.config.model_copy(update={"survivorship_section": sources}))
    with pytest.raises(ConfigError, match="golden_parties"):
        verify_hub(other, 1)
    with pytest.raises(ConfigError, match="has changed since release 3"):
        verify_hub(replace(other, place=history_hub.place))
    deliver(copy, "crm/4.csv", crm("9,1,I,Jonas Weber,1981-08-08,212-555-0155,"))
    with copy.run() as run:  # killed after its first stage
        run.load("crm")
    with pytest.raises(NotFoundError, match="between two stages"):
        verify_hub(copy)


def test_a_hub_without_a_record_equals_its_rebuild(history_hub: Hub, tmp_path: Path) -> None:
    tables = (
        "source_parties",
        "normalized_parties",
        "blocking_keys",
        "match_edges",
        "party_clusters",
        "golden_parties",
    )
    copy = copy_hub(history_hub, tmp_path / "copy")
    empty = plant(copy, ";".join(f"delete from {table}" for table in tables))
    answer = verify_hub(empty, ALL, seed=-(2**70))
    assert (answer["equal"], answer["parties"], answer["sampled"]["components"]) == (True, 0, 0)


def test_a_sample_of_nothing_is_refused(history_hub: Hub) -> None:
    with pytest.raises(ConfigError, match="proves nothing"):
        verify_hub(history_hub, 0)


def _drawn(seed: int, component: str) -> str:
    return hashlib.md5(f"{seed}:{component}".encode(), usedforsecurity=False).hexdigest()
