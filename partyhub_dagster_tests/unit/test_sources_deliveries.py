"""Which files are read: not those still being written, not what links lead out to; and what one bad file stops."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from partyhub_dagster.errors import SourceError
from partyhub_dagster.sources.audit import files_not_loaded
from partyhub_dagster.sources.loading import load_source
from partyhub_dagster.sources.storing import LoadCounts
from partyhub_dagster_tests.feed import Feed, Lake, new_lake

ROWS = "ID,NAME\n1,Ann\n"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with new_lake(tmp_path_factory.mktemp("lake")) as lake:
        yield lake


def load_all(feed: Feed) -> LoadCounts:
    """Load as a build does: a file that fails is audited and left."""
    return load_source(feed.session, feed.config, feed.name)


def not_loaded(feed: Feed) -> list[str]:
    return [held.file for held in files_not_loaded(feed.lake.con) if held.source == feed.name]


@pytest.mark.parametrize(
    "name",
    [".a.csv", "_SUCCESS", "~$a.csv", "a.csv.tmp", "a.csv.part", "a.CRDOWNLOAD", "a.csv~", "a.csv.filepart"],
)
def test_a_file_that_is_still_being_written_is_left_alone(lake: Lake, tmp_path: Path, name: str) -> None:
    feed = lake.feed(tmp_path)
    path = feed.put(name, ROWS)
    assert load_all(feed) == LoadCounts()
    path.rename(path.with_name("done.csv"))
    assert load_all(feed).stored == 1


def test_a_file_younger_than_settle_seconds_is_left_for_the_next_build(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, "settle_seconds: 60")
    path = feed.put("a.csv", ROWS)
    assert load_all(feed) == LoadCounts()
    for age_s in (61, -3600):  # a clock that runs ahead must not keep a file out for ever
        os.utime(path, (time.time() - age_s, time.time() - age_s))
        assert load_all(feed).rows_in == (1 if age_s == 61 else 0)
    assert feed.keys() == {"1"}


def test_a_folder_per_day_is_read_with_a_slash_at_the_end(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path, "path: inbox/*/")
    for day in ("2026-01-02", "2026-01-01"):
        (tmp_path / "inbox" / day).mkdir(parents=True)
        feed.put(f"{day}/a.csv", f"ID,NAME\n1,{day}\n")
        feed.put(f"{day}/_SUCCESS", "")
    assert load_all(feed).stored == 2
    assert "2026-01-02" in feed.live()["1"]


@pytest.mark.parametrize("follow", ["false", "true"])
def test_a_link_that_leads_out_is_read_only_if_hub_yaml_says_so(
    lake: Lake, tmp_path: Path, follow: str
) -> None:
    feed = lake.feed(tmp_path, f"follow_links: {follow}")
    (tmp_path / "inbox").mkdir()
    (tmp_path / "outside.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "inbox" / "a.csv").symlink_to(tmp_path / "outside.csv")
    assert load_all(feed).stored == (1 if follow == "true" else 0)
    assert not_loaded(feed) == ([] if follow == "true" else ["inbox/a.csv"])


def test_one_bad_file_holds_back_no_other_and_is_waited_for_until_it_is_mended_or_gone(
    lake: Lake, tmp_path: Path
) -> None:
    feed = lake.feed(tmp_path)
    feed.put("a.csv", "no key here\n1\n")
    feed.put("b.csv", ROWS)
    (tmp_path / "inbox" / "c.csv").symlink_to(tmp_path / "nowhere.csv")
    counts = load_all(feed)
    assert (counts.stored, counts.failed) == (1, 2)
    assert not_loaded(feed) == ["inbox/a.csv", "inbox/c.csv"]
    feed.put("a.csv", "ID,NAME\n2,Bob\n")
    assert load_all(feed).stored == 1
    assert not_loaded(feed) == ["inbox/c.csv"]
    (tmp_path / "inbox" / "c.csv").unlink()
    assert load_all(feed) == LoadCounts()
    assert not_loaded(feed) == []


def test_the_same_failure_again_writes_nothing(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path)
    feed.put("a.csv", "no key here\n1\n")
    load_all(feed)
    before = feed.lake.con.execute("from hub_epoch").fetchall()
    assert load_all(feed) == LoadCounts(failed=1)
    assert feed.lake.con.execute("from hub_epoch").fetchall() == before


def test_a_source_taken_out_of_hub_yaml_leaves_no_file_that_is_waited_for(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path)
    feed.put("a.csv", "no key here\n1\n")
    load_all(feed)
    (tmp_path / "other").mkdir()
    load_all(lake.feed(tmp_path / "other"))
    assert not_loaded(feed) == []


@pytest.mark.parametrize("what", ["changed", "vanished"])
def test_a_file_that_changes_while_it_is_read_fails_clean_and_is_read_by_the_next_build(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    from partyhub_dagster.sources import load

    feed, read = lake.feed(tmp_path), load.read_rows
    path = feed.put("a.csv", ROWS)

    def read_while_it_moves(*given: object) -> object:
        found = read(*given)  # type: ignore[arg-type]
        path.unlink() if what == "vanished" else path.write_text(ROWS + "2,Bob\n", encoding="utf-8")
        return found

    with monkeypatch.context() as patched:
        patched.setattr(load, "read_rows", read_while_it_moves)
        with pytest.raises(SourceError, match=f"{what} while it was read; nothing"):
            feed.load()
    assert feed.keys() == set()
    feed.put("a.csv", ROWS + "2,Bob\n")
    assert load_all(feed).stored == 2


def test_errors_of_files_name_source_and_file(lake: Lake, tmp_path: Path) -> None:
    feed = lake.feed(tmp_path)
    feed.put("a.csv", "NAME\nAnn\n")
    with pytest.raises(SourceError, match=rf"Source {feed.name}, file inbox/a\.csv: the file lacks"):
        feed.load()
