"""A backup is a whole hub of one moment; restoring it checks everything before anything changes."""

import io
import json
import shutil
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from partyhub_dagster.answers.verification import verify_hub
from partyhub_dagster.errors import LakeError
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.archive import unpack
from partyhub_dagster.lake.backup import back_up, restore
from partyhub_dagster_tests.factories import ask, build, copy_hub, deliver, state_of
from partyhub_dagster_tests.people import crm

pytestmark = pytest.mark.slow

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def hub(history_hub: Hub, tmp_path: Path) -> Hub:
    return copy_hub(history_hub, tmp_path / "copy")


def backup_of(hub: Hub, out: Path) -> Path:
    back_up(hub.place, hub.config.root / "hub.yaml", out, NOW)
    return out


@pytest.mark.parametrize("name", ["backup", "backup.tar.zst"])
def test_a_destroyed_hub_comes_back_as_it_was(hub: Hub, tmp_path: Path, name: str) -> None:
    state, releases = state_of(hub, epochs=True), ask(hub, "from releases order by number")
    with hub.run():  # beside a run
        backup = backup_of(hub, tmp_path / name)
    shutil.rmtree(hub.place.home)
    manifest = restore(hub.place, backup, force=False)
    assert manifest.release == 3
    assert state_of(hub, epochs=True) == state
    assert ask(hub, "from releases order by number") == releases
    report = build(hub)
    assert report.release is not None
    assert report.release.number == 3
    assert state_of(hub, epochs=True) == state
    assert verify_hub(hub)["equal"]
    assert {path.name for path in hub.place.home.glob("backup-*")} == set()


def test_a_hub_is_replaced_only_by_force_and_then_wholly(hub: Hub, tmp_path: Path) -> None:
    backup = backup_of(hub, tmp_path / "backup")
    state = state_of(hub, epochs=True)
    deliver(hub, "crm/4.csv", crm("9,1,I,Jonas Weber,1981-08-08,212-555-0155,jonas@weber.test"))
    build(hub)
    with pytest.raises(LakeError, match="already; nothing was restored"):
        restore(hub.place, backup, force=False)
    restore(hub.place, backup, force=True)
    assert state_of(hub, epochs=True) == state
    assert build(hub).release is not None
    assert ask(hub, "select count(*) from releases") == [(4,)]


def _other_byte(backup: Path) -> None:
    file = max((backup / "data").rglob("*.parquet"), key=lambda path: path.stat().st_size)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def _no_file(backup: Path) -> None:
    next((backup / "data").rglob("*.parquet")).unlink()


def _no_manifest(backup: Path) -> None:
    (backup / "manifest.json").unlink()


def _another_count(backup: Path) -> None:
    manifest = json.loads((backup / "manifest.json").read_text())
    manifest["tables"][0]["rows"] += 1
    (backup / "manifest.json").write_text(json.dumps(manifest))


def _another_schema(backup: Path) -> None:
    manifest = json.loads((backup / "manifest.json").read_text())
    manifest["schema_version"] += 1
    (backup / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("damage", [_other_byte, _no_file, _no_manifest, _another_count, _another_schema])
def test_a_damaged_backup_changes_nothing(hub: Hub, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    backup = backup_of(hub, tmp_path / "backup")
    damage(backup)
    files = {path: path.stat().st_mtime_ns for path in hub.place.data.rglob("*.parquet")}
    with pytest.raises(LakeError):
        restore(hub.place, backup, force=True)
    assert {path: path.stat().st_mtime_ns for path in hub.place.data.rglob("*.parquet")} == files
    assert ask(hub, "select count(*) from releases") == [(3,)]


def test_a_backup_is_written_over_nothing(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(LakeError, match="there already"):
        backup_of(hub, tmp_path / "there")


def test_an_archive_that_is_cut_off_or_leads_outside_is_refused(tmp_path: Path) -> None:
    def archive(name: str) -> bytes:
        held = io.BytesIO()
        with tarfile.open(mode="w", fileobj=held) as tar:
            tar.addfile(tarfile.TarInfo(name), io.BytesIO())
        compressed: bytes = pa.compress(held.getvalue(), codec="zstd", asbytes=True)
        return compressed

    whole = archive("fine")
    for number, content in enumerate((whole[:20], b"no archive", archive("../outside"), archive("/outside"))):
        file = tmp_path / f"{number}.tar.zst"
        file.write_bytes(content)
        with pytest.raises(LakeError, match=r"is no \.tar\.zst archive"):
            unpack(file, tmp_path / "in" / "out")
    assert not (tmp_path / "in" / "outside").exists()
