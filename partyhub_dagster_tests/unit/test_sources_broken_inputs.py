"""Every broken input ends in quarantine or in one clear error; counts add up, and nothing is half-loaded."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from partyhub_dagster.errors import SourceError
from partyhub_dagster.sources.deliveries import find_deliveries
from partyhub_dagster.sources.load import load_delivery
from partyhub_dagster.sources.storing import LoadCounts
from partyhub_dagster_tests.broken_inputs.case import MARK, BrokenInput
from partyhub_dagster_tests.broken_inputs.table import CASES, page
from partyhub_dagster_tests.feed import Feed, Lake, new_lake

_PAGE = Path(__file__).parents[2] / "docs" / "bad-inputs.md"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with new_lake(tmp_path_factory.mktemp("lake")) as lake:
        yield lake


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Capabilities(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


@contextmanager
def permissions_that_count() -> Iterator[None]:
    """Let permissions of files hold for this thread, also where root runs the tests."""
    libc, header, held = ctypes.CDLL(None), _Header(0x20080522, 0), (_Capabilities * 2)()
    assert libc.capget(ctypes.byref(header), held) == 0
    before = held[0].effective
    held[0].effective = before & ~0b110  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
    assert libc.capset(ctypes.byref(header), held) == 0
    try:
        yield
    finally:
        held[0].effective = before
        assert libc.capset(ctypes.byref(header), held) == 0


def load(feed: Feed, case: BrokenInput) -> LoadCounts:
    """Load as a build does, with what happens to the file in between."""
    source, total = feed.config.sources[feed.name], LoadCounts()
    with permissions_that_count():
        found = find_deliveries(feed.lake.con, feed.name, source, feed.config.root)
    if case.meanwhile is not None:
        case.meanwhile(feed.config.root / "inbox" / case.file)
    for delivery in found:
        total += load_delivery(feed.session, source, delivery, datetime.now(UTC))
    return total


def held(feed: Feed) -> tuple[int, int, int]:
    """Count what the lake holds of the source: versions, rejected rows, current records."""
    (counts,) = feed.ask(
        "select (select count(*) from source_party_history where source = $name),"
        " (select count(*) from quarantine where source = $name),"
        " (select count(*) from source_parties where source = $name)"
    )
    return int(counts[0]), int(counts[1]), int(counts[2])


def says_no_value(text: str) -> bool:
    return MARK.lower() not in text.lower() and "zx" not in text.lower()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_broken_input_ends_as_the_page_says(lake: Lake, tmp_path: Path, case: BrokenInput) -> None:
    feed = lake.feed(tmp_path, case.options, suffix=case.format)
    (tmp_path / "inbox").mkdir()
    case.put(tmp_path / "inbox")
    if case.error:
        with pytest.raises(SourceError) as caught:
            load(feed, case)
        message, remedy = caught.value.args
        assert case.error in message
        file = case.file.encode("utf-8", "backslashreplace").decode()
        assert f"Source {feed.name}, file inbox/{file}: " in message
        assert remedy
        assert says_no_value(message + remedy)
        assert held(feed) == (0, 0, 0)
        assert feed.ask("select status, rows_in from load_audit where source = $name") == [("failed", 0)]
        return
    counts = load(feed, case)
    assert counts.rows_in == counts.stored + counts.unchanged + counts.quarantined
    assert (counts.stored, counts.quarantined, counts.unchanged) == (
        case.stored,
        case.quarantined,
        case.unchanged,
    )
    assert held(feed)[:2] == (case.stored, case.quarantined)
    for line, reasons in feed.rejected():
        assert line > 0
        assert case.reason
        assert any(case.reason in reason for reason in reasons)
        assert says_no_value(" ".join(reasons))


def test_the_page_lists_every_broken_input_and_what_happens_to_it() -> None:
    assert len(CASES) >= 100
    assert len({case.name for case in CASES}) == len(CASES)
    told = _PAGE.read_text(encoding="utf-8")
    assert told == page(), "run `python -m partyhub_dagster_tests.broken_inputs > docs/bad-inputs.md`"
