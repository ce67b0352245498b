"""Which attribute every column feeds, decided for all columns of a feed together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from partyhub_dagster.discovery.addresses import feed_addresses
from partyhub_dagster.discovery.countries import day_is_first
from partyhub_dagster.discovery.fits import phone_share, share_of
from partyhub_dagster.discovery.headings import words_of
from partyhub_dagster.discovery.kinds import KindGuess
from partyhub_dagster.discovery.meanings import Judged
from partyhub_dagster.normalize.dates import is_month_first
from partyhub_dagster.normalize.emails import clean_email

_SEPARATORS = (";", "|", ",", " / ", "/")
_TEXTS = {
    "gender": "gender",
    "employer": "employer",
    "birth_place": "birth_place",
    "occupation": "occupation",
    "house_number": "house_number",
}
_ABOUT_THE_ROW = {
    "event_time": "says when the row changed, but not in every row or in a form the hub reads",
    "version": "not a whole number in every row",
    "deleted": "no value says deleted yet; write `deleted: {column, values}` of the source if one will",
    "kind": "values do not tell persons from organizations",
    "label": "says which records belong together: a result of matching, not evidence for it",
}
_OTHER_NAMES = frozenset(
    "trade style trading local english native alias aka maiden former other birth alternate previous second"
    " secondary".split()
)
"""A column of such names says something else than the name itself; all names of a record are compared."""
_REPEATS = "repeats, so it is no key of records; map it as an identifier only if the source gives it to one party each"


@dataclass(frozen=True, slots=True)
class Target:
    """What a column is to feed, or why it is left out."""

    column: str
    written: Any
    """As hub.yaml writes it; none when left out."""
    certainty: float
    why: str
    suggestion: Any = None
    """What the author may write for a column that is left out."""


def feed_attributes(
    columns: Sequence[Judged], kind: KindGuess, country: str | None, used: frozenset[str]
) -> list[Target]:
    """Decide for every column, in the order of the file; `used` say something about the row and feed nothing."""
    free = [column for column in columns if column.name not in used]
    found = {**_names(free, kind), **feed_addresses(free)}
    targets = []
    for column in columns:
        if column.name in used:
            continue
        written, why = found.get(column.name) or _single(column, country)
        if written is None:
            targets.append(Target(column.name, None, column.certainty, why, _suggestion(column)))
        else:
            targets.append(Target(column.name, written, column.certainty, why))
    return targets


def _names(columns: Sequence[Judged], kind: KindGuess) -> dict[str, tuple[Any, str]]:
    """Names: parts once each, one whole name, and a bare `name` read by what else there is."""
    found: dict[str, tuple[Any, str]] = {}
    parts: dict[str, Judged] = {}
    wholes = [c for c in columns if c.meaning == "person_name:full"]
    organizations = [c for c in columns if c.meaning == "organization_name"]
    for column in columns:
        says = set(column.heading.qualifier.split("_"))
        other = column.meaning == "name" and not column.heading.whole and _another_holds_it(column, columns)
        if other and not says & _OTHER_NAMES:
            found[column.name] = (
                None,
                "the name of something else, it seems; another column holds the party's",
            )
        elif column.meaning == "name":
            both = kind.kinds == {"person", "organization"}
            is_family = any(c.meaning == "person_name:given" for c in columns) and not any(
                c.meaning == "person_name:family" for c in columns
            )
            if "person" in kind.kinds and is_family and _words(column) < 1.7:
                parts.setdefault("family", column)
                found[column.name] = ({"type": "person_name", "part": "family"}, "stands beside a given name")
            elif both and not organizations:
                found[column.name] = (["person_name", "organization_name"], "the name of either kind")
            else:
                (wholes if "person" in kind.kinds else organizations).append(column)
        elif (
            column.meaning is not None and column.meaning.startswith("person_name:") and column not in wholes
        ):
            part = column.meaning.partition(":")[2]
            if "person" not in kind.kinds:
                found[column.name] = (None, "part of a person's name, but the records are organizations")
            elif part in parts:
                found[column.name] = (None, f"a second {part} name; {parts[part].name} is taken")
            else:
                parts[part] = column
                found[column.name] = ({"type": "person_name", "part": part}, column.why)
    found |= _wholes(wholes, kind)
    return found | _organizations(organizations, kind)


def _another_holds_it(column: Judged, columns: Sequence[Judged]) -> bool:
    """A longer heading that ends with name, such as PROGRAM_NAME, is the party's only if no other column is."""
    names = ("person_name:", "organization_name", "name")
    return any(
        other is not column
        and other.meaning is not None
        and other.meaning.startswith(names)
        and (other.meaning != "name" or other.heading.whole or other.profile.number < column.profile.number)
        for other in columns
    )


def _wholes(wholes: list[Judged], kind: KindGuess) -> dict[str, tuple[Any, str]]:
    if not wholes:
        return {}
    if "person" not in kind.kinds:
        return {c.name: (None, "a person's name, but the records are organizations") for c in wholes}
    others = {c.name for c in wholes if set(c.heading.qualifier.split("_")) & _OTHER_NAMES}
    fullest = max(
        wholes, key=lambda c: (c.name not in others, c.profile.fill > 0.5, _words(c), c.profile.fill)
    )
    return {
        column.name: ("person_name", column.why)
        if column is fullest or column.name in others
        else (None, f"{fullest.name} says more")
        for column in wholes
    }


def _organizations(columns: list[Judged], kind: KindGuess) -> dict[str, tuple[Any, str]]:
    if "organization" in kind.kinds:
        return {column.name: ("organization_name", column.why) for column in columns}
    names = ["company", *(f"company_{n}" for n in range(2, len(columns) + 1))]
    why = "kept, not compared: the records are persons"
    return {c.name: ({"type": "text", "attribute": n}, why) for c, n in zip(columns, names, strict=False)}


def _words(column: Judged) -> float:
    return fmean([len(value.split()) for value in column.profile.sample] or [0])


def _single(column: Judged, country: str | None) -> tuple[Any, str]:
    """What a column feeds that is neither a name nor an address."""
    meaning = column.meaning
    if meaning is None:
        return None, column.why
    if meaning == "key" or meaning in _ABOUT_THE_ROW:
        return None, _ABOUT_THE_ROW.get(meaning, _REPEATS)
    if meaning in _TEXTS:
        return {"type": "text", "attribute": _TEXTS[meaning]}, f"{column.why}; kept, not compared"
    if column.profile.distinct <= 1 < column.profile.filled:
        return None, "the same in every row"
    return (
        _date(column, country) if meaning == "date_of_birth" else _value(column, meaning, country)
    ), column.why


def _value(column: Judged, meaning: str, country: str | None) -> Any:
    type_, _, scheme = meaning.partition(":")
    written: dict[str, Any] = {"type": type_} | ({"scheme": scheme} if scheme else {})
    if scheme == "us_ssn" and column.profile.valid_as("us_ssn") < 0.5:
        written = {"type": "identifier", "scheme": "social_security"}
    if type_ in ("phone", "email", "website") and (sign := _separator(column, type_, country)) is not None:
        written["split"] = sign
    return type_ if len(written) == 1 else written


def _date(column: Judged, country: str | None) -> Any:
    """Dates are read in the order of the country; where the values say otherwise, the column says so."""
    day_first = day_is_first(column.profile.sample)
    if day_first is None or day_first != is_month_first(country):
        return "date_of_birth"
    return {"type": "date_of_birth", "country": "GB" if day_first else "US"}


def _separator(column: Judged, type_: str, country: str | None) -> str | None:
    """Return the sign between several values in one field, if some fields hold several valid ones."""
    for sign in _SEPARATORS:
        several = [value for value in column.profile.sample if sign in value]
        if len(several) < 2 or len(several) < 0.01 * len(column.profile.sample):
            continue
        pieces = [piece.strip() for value in several for piece in value.split(sign)]
        if type_ == "email":
            valid = share_of(pieces, lambda piece: clean_email(piece).valid is True)
        elif type_ == "phone":
            valid = phone_share(pieces, country)
        else:
            valid = share_of(pieces, lambda piece: "." in piece) if "/" not in sign else 0.0
        if valid > 0.7:
            return sign
    return None


def _suggestion(column: Judged) -> Any:
    """What a column that nothing is known of could still feed; labels and empty columns feed nothing."""
    profile = column.profile
    if not profile.filled or column.meaning in _ABOUT_THE_ROW:
        return None
    attribute = re.sub("^[^a-z]+", "", "_".join(words_of(profile.name))) or None
    if attribute is None:
        return None
    if column.meaning == "key":
        return {"type": "identifier", "scheme": attribute}
    for check in ("date", "number"):
        if profile.valid_as(check) > 0.9:
            return {"type": check, "attribute": attribute}
    return {"type": "text", "attribute": attribute}
