"""What records say: families of contents that resemble one another, so that records match, split and move."""

import random
import string
from typing import NamedTuple

COLUMNS = ("KIND", "NAME", "BORN", "STREET", "CITY", "ZIP", "PHONE", "MAIL", "LEI")


class Content(NamedTuple):
    """The columns that all sources have in common, as text; empty where a source says nothing."""

    KIND: str
    NAME: str = ""
    BORN: str = ""
    STREET: str = ""
    CITY: str = ""
    ZIP: str = ""
    PHONE: str = ""
    MAIL: str = ""
    LEI: str = ""


Families = list[list[Content]]

_GIVEN = (
    ("Robert", "Bob"),
    ("Katherine", "Kate"),
    ("William", "Bill"),
    ("Elizabeth", "Liz"),
    ("Michael", "Mike"),
)
_FAMILY = ("Stonebridge", "Whitfield", "Okafor", "Lindqvist", "Haddad", "Moreau", "Petrov")
_WORDS = ("Northern", "Harbour", "Granite", "Cedar", "Falcon", "Meridian")
_TRADES = ("Shipping", "Foods", "Textiles", "Robotics", "Glass")
_FORMS = ("Inc", "Inc.", "Incorporated", "LLC", "")
_STREETS = ("Maple Street", "Oak Avenue", "Harbor Road", "Mill Lane")
_TOWNS = (("Springfield", "62701"), ("Dover", "19901"), ("Salem", "97301"))

_NO_ADDRESS = {"STREET": "", "CITY": "", "ZIP": ""}
_THIN = [
    _NO_ADDRESS | {"PHONE": "", "MAIL": ""},
    _NO_ADDRESS | {"BORN": "", "MAIL": "", "LEI": ""},
    _NO_ADDRESS | {"BORN": "", "PHONE": "", "LEI": ""},
    {"BORN": "", "PHONE": "", "MAIL": "", "LEI": ""},
]
"""What little of a party some sources know: pairs that neither match clearly nor differ clearly."""


def draw_families(rng: random.Random, people: int = 5, companies: int = 4, each: int = 9) -> Families:
    """Draw families of contents: variants of one party, its household or its sisters, and cousins that bridge."""
    families = [_people(rng, n, each) for n in range(people)]
    families += [_companies(rng, n, each) for n in range(companies)]
    for here, there in ((0, 1), (2, 3), (people, people + 1)):
        families[here].append(_bridge(families[here][0], families[there][0]))
    return [list(dict.fromkeys(family)) for family in families]


def lei(number: int, *, valid: bool = True) -> str:
    """Return an LEI with this number in it; the check digits are those of ISO 7064, or one off."""
    body = f"5493{number:014d}"
    digits = "".join(str(int(c, 36)) for c in body + "00")
    check = 98 - int(digits) % 97
    return f"{body}{check if valid else (check + 1) % 97:02d}"


def lei_is_valid(text: str) -> bool:
    """Say by the standard alone whether the check digits fit."""
    return len(text) == 20 and int("".join(str(int(c, 36)) for c in text)) % 97 == 1


def _people(rng: random.Random, n: int, each: int) -> list[Content]:
    given, nick = _GIVEN[n % len(_GIVEN)]
    family, (town, code) = _FAMILY[n % len(_FAMILY)], rng.choice(_TOWNS)
    born = f"19{50 + 7 * n}-0{rng.randint(1, 9)}-{rng.randint(10, 28)}"
    mail = f"{given}.{family}{n}@mail.test".lower()
    first = Content(
        "P", f"{given} {family}", born, f"{rng.randint(10, 99)} {rng.choice(_STREETS)}", town, code,
        f"212-555-01{10 + n}", mail,
    )  # fmt: skip
    changes = [
        {"NAME": f"{nick} {family}"},
        {"NAME": f"{family}, {given}"},
        {"NAME": f"{given[0]}. {family}"},
        {"NAME": _slip(rng, f"{given} {family}")},
        {"NAME": f"{given} J. {family}"},
        {"NAME": f"{_GIVEN[(n + 1) % len(_GIVEN)][0]} {family}"},  # of one household
        {"BORN": f"{born[:8]}{int(born[8:]) - 1}"},
        {"BORN": f"19{48 + 7 * n}-11-30"},
        {"BORN": ""},
        {"PHONE": ""},
        {"PHONE": f"212-555-01{10 + n};212-555-018{n}"},
        {"PHONE": "555"},
        {"MAIL": ""},
        {"MAIL": f"office{n % 2}@shared.test"},
        _NO_ADDRESS,
        {"STREET": f"{rng.randint(10, 99)} {rng.choice(_STREETS)}"},
        *_THIN,
    ]
    return [first, *(_changed(rng, first, changes) for _ in range(each - 1))]


def _companies(rng: random.Random, n: int, each: int) -> list[Content]:
    name, (town, code) = f"{_WORDS[n % len(_WORDS)]} {_TRADES[n % len(_TRADES)]}", rng.choice(_TOWNS)
    first = Content(
        "O", f"{name} Inc", "", f"{rng.randint(100, 999)} {rng.choice(_STREETS)}", town, code,
        f"312-555-01{10 + n}", f"info@{name.replace(' ', '').lower()}.test", lei(10 * n),
    )  # fmt: skip
    changes = [
        *({"NAME": f"{name} {form}".strip()} for form in _FORMS),
        {"NAME": _slip(rng, f"{name} Inc")},
        {"NAME": f"{name} Holdings Inc"},
        {"NAME": f"{name} II Inc"},
        {"LEI": ""},
        {"LEI": ""},
        {"LEI": lei(10 * n + 1)},  # another legal entity of much the same name
        {"LEI": lei(10 * n, valid=False)},
        {"KIND": "L"},
        {"PHONE": ""},
        {"MAIL": "", "PHONE": f"312-555-018{n}"},
        _NO_ADDRESS,
        {"STREET": f"{rng.randint(100, 999)} {rng.choice(_STREETS)}"},
        *_THIN,
    ]
    return [first, *(_changed(rng, first, changes) for _ in range(each - 1))]


def _changed(rng: random.Random, first: Content, changes: list[dict[str, str]]) -> Content:
    content = first
    for change in rng.sample(changes, rng.choice((1, 1, 2, 2, 3))):
        content = content._replace(**change)
    return content


def _bridge(one: Content, other: Content) -> Content:
    """Return who has the name and date of one and the phone, mail and address of the other."""
    return other._replace(NAME=one.NAME, BORN=one.BORN)


def _slip(rng: random.Random, name: str) -> str:
    at = rng.randrange(1, len(name) - 1)
    return name[:at] + rng.choice(string.ascii_lowercase) + name[at + 1 :]
