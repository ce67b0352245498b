"""The SQL conditions that ladders of levels are written in."""

from partyhub_dagster.matching.levels import Level


def unknown_without(*columns: str) -> Level:
    """Return the level on which nothing is known: one of the two lacks a column."""
    missing = " or ".join(f"{column}_l is null or {column}_r is null" for column in columns)
    return Level("unknown", missing, is_null=True)


def equal(column: str) -> str:
    """Tell whether the two hold the same value."""
    return f"{column}_l = {column}_r"


def overlaps(share: float) -> str:
    """Tell whether the names share so much of their words, rare ones counting more."""
    return f"ph_overlap_at(words_l, words_r, word_sum_l, word_sum_r, {share})"


def shares(column: str) -> str:
    """Tell whether two lists have a value in common."""
    return f"ph_any_shared({column}_l, {column}_r)"
