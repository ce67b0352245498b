"""A source that names no file is said loudly; a hub of nothing is refused."""

from pathlib import Path

import pytest

from partyhub_dagster.errors import SourceError
from partyhub_dagster_tests.factories import PEOPLE_YAML, build, deliver, make_hub
from partyhub_dagster_tests.program import Program


def test_a_hub_whose_sources_name_no_file_is_refused(tmp_path: Path) -> None:
    hub = make_hub(tmp_path, PEOPLE_YAML)
    with pytest.raises(SourceError, match=r"crm: inbox/crm/\*\.csv; web: inbox/web/\*\.jsonl"):
        build(hub)


def test_one_source_without_files_is_a_warning_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = make_hub(tmp_path, PEOPLE_YAML)
    deliver(hub, "crm/1.csv", "ID,REV,OP,NAME,BORN,PHONE,MAIL\n1,1,I,Anna Novak,1980-02-03,,\n")
    program = Program(monkeypatch, capsys).on(hub)
    warning = "WARNING: source web names no file that is there: inbox/web/*.jsonl"
    for words in (("config", "check"), ("build", "--quiet")):
        code, _, err = program.run(*words)
        assert (code, warning in err) == (0, True)
    assert warning in program.say("status")
    assert program.answer("status")["sources_without_files"] == {"web": "inbox/web/*.jsonl"}


def test_a_hub_that_holds_records_builds_on_without_files(tmp_path: Path) -> None:
    hub = make_hub(tmp_path, PEOPLE_YAML)
    path = deliver(hub, "crm/1.csv", "ID,REV,OP,NAME,BORN,PHONE,MAIL\n1,1,I,Anna Novak,1980-02-03,,\n")
    build(hub)
    path.unlink()
    assert len(build(hub).warnings) == 2


def test_a_folder_in_place_of_hub_yaml_is_called_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = Program(monkeypatch, capsys)
    assert "partyhub init" in program.refusal("config", "check", str(tmp_path))
    (tmp_path / "hub.yaml").write_text(PEOPLE_YAML, encoding="utf-8")
    assert f"Name the file: {tmp_path / 'hub.yaml'}" in program.refusal("config", "check", str(tmp_path))
