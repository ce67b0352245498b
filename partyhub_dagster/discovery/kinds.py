"""Whether the records of a feed are persons, organizations, or what a column says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from partyhub_dagster.config.semantics import Kind
from partyhub_dagster.discovery.meanings import Judged
from partyhub_dagster.discovery.vocabulary import ORGANIZATION_WORDS, PERSON_WORDS
from partyhub_dagster.normalize.text import tokens

_OF_PERSONS = ("person_name:", "date_of_birth", "gender", "identifier:passport", "identifier:drivers_license",
               "tax_id:us_ssn", "occupation", "birth_place")  # fmt: skip
_OF_ORGANIZATIONS = ("organization_name", "lei", "duns", "tax_id:eu_vat", "tax_id:us_ein", "website",
                     "identifier:registration_number", "identifier:npi")  # fmt: skip
_MOST_VALUES = 12


@dataclass(frozen=True, slots=True)
class KindGuess:
    """What `kind` of the source is to be."""

    written: Any
    """As hub.yaml writes it: a word, or {column, values, default}."""
    kinds: frozenset[Kind]
    certainty: float
    why: str
    column: str | None = None


def guess_kind(columns: Sequence[Judged]) -> KindGuess:
    """Take the column that says it, else weigh what the columns are about."""
    for column in columns:
        if column.meaning == "kind" and (found := _by_column(column)) is not None:
            return found
    filled = {column.meaning: column.profile.fill for column in columns if column.meaning}
    person = sum(fill for meaning, fill in filled.items() if meaning.startswith(_OF_PERSONS))
    organization = sum(fill for meaning, fill in filled.items() if meaning.startswith(_OF_ORGANIZATIONS))
    legal = max(
        (
            c.profile.valid_as("organization_name")
            for c in columns
            if c.meaning in ("name", "organization_name")
        ),
        default=0.0,
    )
    given = max(
        (c.profile.valid_as("given_name") for c in columns if c.meaning in ("name", "person_name:full")),
        default=0.0,
    )
    person, organization = person + given, organization + 3 * legal
    if person == organization:
        return of_kind("person", 0.3, "nothing tells it")
    kind: Kind = "person" if person > organization else "organization"
    lead = abs(person - organization) / (person + organization)
    enough = min(1.0, person + organization)
    return of_kind(kind, 0.4 + 0.6 * lead * enough, f"the columns are those of {kind}s")


def of_kind(kind: Kind, certainty: float, why: str) -> KindGuess:
    """Return that every record is of one kind."""
    return KindGuess(kind, frozenset({kind}), certainty, why)


def _by_column(column: Judged) -> KindGuess | None:
    """A column says the kind if nearly all rows hold one of few words that mean one."""
    profile = column.profile
    if profile.distinct > _MOST_VALUES:
        return None
    meant: dict[str, Kind] = {}
    for value in profile.common:
        word = "".join(tokens(value))
        if word in PERSON_WORDS:
            meant[value] = "person"
        elif word in ORGANIZATION_WORDS:
            meant[value] = "organization"
    unknown = profile.distinct - len(meant)
    if not meant or unknown > 1 or profile.fill < 0.5:
        return None
    written: dict[str, Any] = {"column": column.name, "values": meant}
    found = frozenset(meant.values())
    if unknown or profile.fill < 1:
        written["default"] = next(iter(meant.values()))
        found = frozenset({*found, written["default"]})
    return KindGuess(written, found, 0.95 if not unknown else 0.7, f"values of {column.name}", column.name)
