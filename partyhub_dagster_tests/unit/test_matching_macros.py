"""Edit distances and similarities that give up early answer as those that do not."""

import random

import duckdb
import pyarrow as pa
import pytest

from partyhub_dagster.matching.features import MACROS


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    """Return a connection with the macros and pairs of short words of few letters, some of them not of one byte."""
    rng = random.Random(3)  # noqa: S311  test data, not secrets
    words = [["".join(rng.choices("abcdé", k=rng.randint(1, 9))) for _ in range(60_000)] for _ in "ab"]
    con = duckdb.connect()
    con.execute(MACROS)
    con.register("given", pa.table({"a": words[0], "b": words[1]}))
    con.execute("create table words as from given union all values (null, 'a'), ('a', null)")
    return con


def check_alike(con: duckdb.DuckDBPyConnection, fast: str, plain: str) -> None:
    """Check that both conditions hold for the same pairs of words, and for many."""
    [(differ, held)] = con.execute(
        f"select count(*) filter (coalesce({fast}, false) <> coalesce({plain}, false)), count(*) filter ({plain})"
        " from words"
    ).fetchall()
    assert differ == 0
    assert held > 50


@pytest.mark.parametrize("least", [0.8, 0.88, 0.9, 0.92, 0.95, 0.96])
def test_texts_just_as_alike_as_asked_are_alike(con: duckdb.DuckDBPyConnection, least: float) -> None:
    check_alike(con, f"ph_alike(a, b, {least})", f"jaro_winkler_similarity(a, b) >= {least}")


@pytest.mark.parametrize("slips", [1, 2])
def test_no_slip_is_missed(con: duckdb.DuckDBPyConnection, slips: int) -> None:
    check_alike(con, f"ph_within({slips}, a, b)", f"damerau_levenshtein(a, b) <= {slips}")
