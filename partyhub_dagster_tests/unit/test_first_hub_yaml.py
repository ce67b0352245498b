"""`partyhub init` and `profile`: an odd export becomes a hub.yaml that builds; nothing that is guessed is hidden."""

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from partyhub_dagster_tests.program import Program

Run = Callable[..., tuple[int, str, str]]
GIVEN = ["Annegret", "Jörg", "Sabine", "Klaus", "Renate", "Uwe", "Petra", "Günter"]
FAMILY = ["Müller", "Schäfer", "Weber", "Braun", "Vogel", "Lang", "Huber", "Roth"]


@pytest.fixture
def partyhub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARTYHUB_HOME", str(tmp_path / "lake"))
    monkeypatch.delenv("PARTYHUB_CONFIG", raising=False)
    return Program(monkeypatch, capsys).run


def german_export(path: Path, rows: int = 60) -> None:
    """Semicolons, Windows encoding, name in one column, local phones, days first."""
    draw = random.Random(7)  # noqa: S311 - made-up people
    lines = [
        "Kd-Nr.;Nachname, Vorname;Geb.-Datum;Straße/Nr.;PLZ;Ort;Tel.;E-Mail;geändert am;Umsatz (€);Gruppe-ID"
    ]
    for n in range(rows):
        given, family, day = (
            draw.choice(GIVEN),
            draw.choice(FAMILY),
            f"{draw.randint(13, 28)}.0{draw.randint(1, 9)}",
        )
        phone = f"089 {draw.randint(2000000, 9999999)}"
        phone += f" / 0171 {draw.randint(1000000, 9999999)}" if n % 3 == 0 else ""
        mail = f"{family[0].lower()}{n}@web.de"
        lines.append(
            f"{1000 + n};{family}, {given};{day}.19{draw.randint(40, 99)};Ringstr. {n};80331;München;{phone};{mail};"
            f"{day}.2024 10:{n:02};{n},50;{n // 2}"
        )
    path.write_text("\n".join(lines) + "\n", encoding="windows-1252")


def written(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_an_odd_export_becomes_a_hub_that_builds_unedited(partyhub: Run, tmp_path: Path) -> None:
    german_export(tmp_path / "Kundenexport_2025-11.csv")
    code, out, _ = partyhub("init", "Kundenexport_2025-11.csv", "--yes")
    assert code == 0
    assert "Nachname, Vorname" in out
    source = written(tmp_path / "hub.yaml")["sources"]["kundenexport"]
    assert source["csv"] == {"delimiter": ";", "encoding": "windows-1252"}
    assert source["key"] == "Kd-Nr."
    assert source["kind"] == "person"
    assert source["country"] == "DE"
    assert source["event_time"] == {"column": "geändert am", "type": "timestamp", "format": "%d.%m.%Y %H:%M"}
    assert source["columns"] == {
        "Nachname, Vorname": "person_name",
        "Geb.-Datum": "date_of_birth",
        "Straße/Nr.": {"type": "address", "part": "line"},
        "PLZ": {"type": "address", "part": "postal_code"},
        "Ort": {"type": "address", "part": "city"},
        "Tel.": {"type": "phone", "split": " / "},
        "E-Mail": "email",
    }
    assert (tmp_path / "hub.schema.json").is_file()
    assert partyhub("config", "check")[0] == 0
    assert partyhub("build", "--quiet")[0] == 0
    status = json.loads(partyhub("status", "--json")[1])
    assert (status["records"], status["quarantined"], status["release"]) == (60, 0, 1)
    code, out, _ = partyhub("profile", "--source", "kundenexport", "--json")
    assert code == 0
    assert json.loads(out)[0]["csv"]["encoding"] == "windows-1252"


def test_neither_profile_nor_hub_yaml_holds_a_value(partyhub: Run, tmp_path: Path) -> None:
    german_export(tmp_path / "k.csv")
    _, profile, _ = partyhub("profile", "k.csv", "--json")
    _, table, _ = partyhub("profile", "k.csv")
    _, guesses, _ = partyhub("init", "k.csv", "--yes")
    columns = {column["name"]: column for column in json.loads(profile)[0]["columns"]}
    assert columns["E-Mail"]["valid"]["email"] == 1
    assert columns["Nachname, Vorname"]["examples"][0].startswith("Aaa")
    shown = profile + table + guesses + (tmp_path / "hub.yaml").read_text(encoding="utf-8")
    assert [name for name in [*GIVEN, *FAMILY, "München", "Ringstr", "@web"] if name in shown] == []


LABELLED = "id,cluster,entity_id,first_name,surname,customer_id\n" + "".join(
    f"{n},{n // 2},e{n // 2},{GIVEN[n % 8]},{FAMILY[n % 7]},{n // 3}\n" for n in range(40)
)


def test_labels_and_repeating_ids_are_no_evidence(partyhub: Run, tmp_path: Path) -> None:
    (tmp_path / "labelled.csv").write_text(LABELLED, encoding="utf-8")
    assert partyhub("init", "labelled.csv", "--yes")[0] == 0
    text = (tmp_path / "hub.yaml").read_text(encoding="utf-8")
    source = written(tmp_path / "hub.yaml")["sources"]["labelled"]
    assert set(source["columns"]) == {"first_name", "surname"}
    assert source["key"] == "id"
    assert "# cluster" in text
    assert "repeats, so it is no key" in text


def test_a_file_without_any_key_is_refused_with_a_way_out(partyhub: Run, tmp_path: Path) -> None:
    (tmp_path / "twice.csv").write_text("first_name,city\n" + "Annegret,Ulm\n" * 5, encoding="utf-8")
    code, _, err = partyhub("init", "twice.csv", "--yes")
    assert code == 1
    assert "row_number()" in err
    assert not (tmp_path / "hub.yaml").exists()
    assert partyhub("init", "twice.csv", "--yes", "--key", "first_name")[0] == 0


def test_a_key_of_two_columns_is_found(partyhub: Run, tmp_path: Path) -> None:
    rows = "".join(f"{land},{n},{GIVEN[n]},{FAMILY[n]}\n" for land in ("DE", "AT") for n in range(8))
    (tmp_path / "both.csv").write_text("branch,nr,first_name,last_name\n" + rows, encoding="utf-8")
    assert partyhub("init", "both.csv", "--yes")[0] == 0
    assert written(tmp_path / "hub.yaml")["sources"]["both"]["key"] == ["branch", "nr"]


def test_a_hub_yaml_is_not_overwritten_unasked(partyhub: Run, tmp_path: Path) -> None:
    (tmp_path / "labelled.csv").write_text(LABELLED, encoding="utf-8")
    (tmp_path / "hub.yaml").write_text("mine", encoding="utf-8")
    code, _, err = partyhub("init", "labelled.csv", "--yes")
    assert code == 1
    assert "--force" in err
    assert (tmp_path / "hub.yaml").read_text(encoding="utf-8") == "mine"
    assert partyhub("init", "labelled.csv", "--yes", "--force")[0] == 0


def test_files_of_the_same_columns_are_one_source_and_others_their_own(partyhub: Run, tmp_path: Path) -> None:
    crm = tmp_path / "crm"
    crm.mkdir()
    for month in (1, 2):
        (crm / f"{month}.csv").write_text(LABELLED, encoding="utf-8")
    company = '{{"duns": "{n:09}", "company": "{name} GmbH", "type": "{kind}", "web": "www.{n}.de"}}\n'
    (tmp_path / "firms.jsonl").write_text(
        "".join(
            company.format(n=n, name=name, kind="Firma" if n else "Privat") for n, name in enumerate(FAMILY)
        ),
        encoding="utf-8",
    )
    assert partyhub("init", "crm/1.csv", "crm/2.csv", "firms.jsonl", "--yes")[0] == 0
    hub = written(tmp_path / "hub.yaml")
    assert hub["sources"]["crm"]["path"] == "crm/*.csv"
    firms = hub["sources"]["firms"]
    assert firms["kind"] == {"column": "type", "values": {"Firma": "organization", "Privat": "person"}}
    assert firms["columns"]["company"] == "organization_name"
    assert set(hub["survivorship"]["sources"]) == {"crm", "firms"}


def test_on_a_terminal_what_is_unsure_is_asked(
    partyhub: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "labelled.csv").write_text(LABELLED, encoding="utf-8")
    asked: list[str] = []

    def answer(question: str, default: str) -> str:
        asked.append(question)
        return "AT" if "country" in question else default

    monkeypatch.setattr("typer.prompt", answer)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    assert partyhub("init", "labelled.csv", "--yes")[0] == 0
    assert asked == []
    assert partyhub("init", "labelled.csv", "--force")[0] == 0
    assert any("country" in question for question in asked)
    assert written(tmp_path / "hub.yaml")["sources"]["labelled"]["country"] == "AT"


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "empty"), ("a,b\n", "no row that can be read"), ("x,y\n1,2\n2,3\n", "means anything")],
)
def test_a_file_that_says_nothing_is_refused(partyhub: Run, tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "odd.csv").write_text(content, encoding="utf-8")
    code, _, err = partyhub("init", "odd.csv", "--yes")
    assert code == 1
    assert said in err
    assert not (tmp_path / "hub.yaml").exists()


def test_versions_times_other_names_and_places_are_found(partyhub: Run, tmp_path: Path) -> None:
    rows = "".join(
        f"{100 + n},{n % 3 + 1},2024-01-{n + 1:02} 10:00,{GIVEN[n]} {FAMILY[n]},{FAMILY[n]},Ulm,{'YN'[n > 0]}\n"
        for n in range(8)
    )
    heading = "PERSON_NO,VERSION_NO,AS_OF,FULL_NAME,MAIDEN_NAME,birth_place,deleted\n"
    (tmp_path / "000.csv").write_text(heading + rows, encoding="utf-8")
    assert partyhub("init", "000.csv", "--yes", "--out", str(tmp_path / "hub.yaml"))[0] == 0
    (source,) = written(tmp_path / "hub.yaml")["sources"].values()
    assert source["key"] == "PERSON_NO"
    assert source["version"] == {"column": "VERSION_NO", "type": "integer"}
    assert source["event_time"] == {"column": "AS_OF", "type": "timestamp"}
    assert source["deleted"] == {"column": "deleted", "values": ["Y"]}
    assert source["columns"]["FULL_NAME"] == source["columns"]["MAIDEN_NAME"] == "person_name"
    assert source["columns"]["birth_place"]["attribute"] == "birth_place"


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ('id|first_name|last_name\n1|Eva|"Tal|Berg"\n2|Uta|Ahl\n', {"delimiter": "|"}),
        ('id,first_name,last_name\n1,Eva,"a \\"b\\""\n2,Uta,"x, \\"y\\""\n', {"escape": "\\"}),
        ("\ufeffid;first_name;last_name\n1;Eva;Tal\n2;Uta;Ahl\n", {"delimiter": ";"}),
    ],
)
def test_how_a_csv_file_is_written_is_found(
    partyhub: Run, tmp_path: Path, content: str, options: dict[str, str]
) -> None:
    (tmp_path / "people.csv").write_text(content, encoding="utf-8")
    assert partyhub("init", "people.csv", "--yes")[0] == 0
    source = written(tmp_path / "hub.yaml")["sources"]["people"]
    assert source["csv"] == options
    assert set(source["columns"]) == {"first_name", "last_name"}
