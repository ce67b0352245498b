"""Names of organisations: display values, and features without legal form, with numbers in digits."""

import re
from collections.abc import Sequence

from partyhub_dagster.normalize.person_names import sound_of
from partyhub_dagster.normalize.placeholders import is_placeholder
from partyhub_dagster.normalize.text import SLOT_SEPARATOR, distinct, joined, split_values, tidy, tokens

COLUMNS = (
    "name_full", "name_initials", "name_phonetic", "name_tokens", "names", "legal_form", "name_numbers",
    "name_acronym",
)  # fmt: skip
_ALIASES = re.compile(
    r"[\s(,;]+(?:d\s*/?\s*b\s*/?\s*a|doing business as|t\s*/\s*a|trading as|a\s*/?\s*k\s*/?\s*a|also known as"
    r"|f\s*/?\s*k\s*/?\s*a|formerly known as|formerly|n\s*/?\s*k\s*/?\s*a|now known as)\b[\s.:]+",
    re.IGNORECASE,
)
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}(?:[^\W\d_]\b)?")
_AMPERSAND = re.compile(r"\s*[&＆]\s*|\s+\+\s+")
_CJK_FORMS = {
    "株式会社": "kk", "有限会社": "yk", "合同会社": "gk", "股份有限公司": "coltd", "有限责任公司": "coltd",
    "有限公司": "coltd", "주식회사": "kk", "(株)": "kk", "㈱": "kk",
}  # fmt: skip
_OWN_FORMS = {
    "corp": "corp",
    "corporation": "corp",
    "co": "co",
    "company": "co",
    "cos": "co",
    "companies": "co",
}
_NO_FORMS = frozenset(
    "ii i iv v vi as se sc sp is an al of and the group fund trust bank holding holdings".split()
)
_LEADING = frozenset("ooo oao zao pao ao pjsc tov pt cv uab sia too llc ojsc cjsc jsc stichting".split())
_ORDINALS = {
    word: str(number)
    for number, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split(), start=1
    )
}
_CARDINALS = {
    word: str(number)
    for number, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve".split(), start=1
    )
}
_ROMANS = {
    word: str(number)
    for number, word in enumerate(
        "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx".split(), start=1
    )
}
_NUMBERED = re.compile(r"^(\d+)(?:st|nd|rd|th)?$")
_LETTERED = frozenset({"class", "series", "tranche", "share", "shares"})
_LONGEST_FORM = 6
_SMALL = frozenset({"and", "the", "of", "for"})
_GENERIC = frozenset(
    "american national international global united first new general central north south east west great group bank"
    " holdings services company city state royal standard".split()
)


def clean_organization_names(unit: str, attributes: tuple[str, ...], order: tuple[str, ...]) -> list[object]:
    """Return COLUMNS, the placeholder count, and the display values of each attribute of `order`.

    `attributes` names the attribute of each slot. Never raises: a name that cannot be read yields nothing.
    """
    shown: dict[str, list[str]] = {name: [] for name in order}
    placeholders = 0
    for attribute, slot in zip(attributes, unit.split(SLOT_SEPARATOR), strict=False):
        for value in map(tidy, split_values(slot)):
            if value and is_placeholder(value):
                placeholders += 1
            elif value:
                shown[attribute].append(value)
    wholes = [name for attribute in order for name in shown[attribute]]
    return [*_features(wholes), placeholders, *(joined(distinct(shown[name])) for name in order)]


def _features(wholes: list[str]) -> list[object]:
    read = [name for whole in wholes for name in map(read_name, _aliases(whole)) if name[0]]
    if not read:
        return [None, None, None, [], [], None, None, None]
    words, form = read[0]
    every = {word for other, _ in read for word in other if word not in ("and", "the")}
    return [
        " ".join(words),
        "".join(word[0] for word in words if word not in _SMALL) or None,
        _sound(words),
        sorted(every),
        distinct([" ".join(other) for other, _ in read]),
        form,
        " ".join(_numbers(words)) or None,
        _acronym(words),
    ]


def _aliases(whole: str) -> list[str]:
    """Split `X Inc dba Y` and `X (formerly Y)` into its names."""
    pieces = [piece.strip(" (),;") for piece in _ALIASES.split(f" {whole}")]
    return [piece for piece in pieces if piece] or [whole]


def read_name(text: str) -> tuple[list[str], str | None]:
    """Return the tokens without legal form, numbers in digits, and the canonical legal form."""
    form = None
    if not text.isascii():
        for native, canonical in _CJK_FORMS.items():
            if native in text and text.replace(native, "").strip():
                text, form = text.replace(native, " ").strip(), canonical
    text = _DOTTED.sub(lambda match: match.group().replace(".", ""), text)
    words = _single_letters_joined(tokens(_AMPERSAND.sub(" and ", text)))
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    words, found = _without_legal_form(words)
    return [_digits(words, i) for i in range(len(words))], found or form


def _single_letters_joined(words: Sequence[str]) -> list[str]:
    """Join runs of single letters: a b c is abc; a lone letter stays."""
    found: list[str] = []
    run: list[str] = []
    for word in [*words, ""]:
        if len(word) == 1 and word.isalpha():
            run.append(word)
            continue
        found.extend(["".join(run)] if len(run) > 1 else run)
        run = []
        if word:
            found.append(word)
    return found


def _forms_in(words: list[str]) -> dict[str, str]:
    """Return the canonical form of every legal form that stands in the words."""
    from rigour.names import extract_org_types
    from rigour.text.normalize import Normalize

    text = " ".join(word for word in words if word != "and")
    found = extract_org_types(text, Normalize.CASEFOLD | Normalize.NAME)
    known = {matched: "".join(tokens(canonical)) for matched, canonical in found if matched not in _NO_FORMS}
    return {**known, **{word: _OWN_FORMS[word] for word in words if word in _OWN_FORMS}}


def _without_legal_form(words: list[str]) -> tuple[list[str], str | None]:
    """Take legal forms off the end (the last one counts), or one that is customary in front."""
    known = _forms_in(words)
    if not known:
        return words, None
    form: str | None = None
    while size := _form_at_end(words, known):
        form = form or known[_phrase(words[-size:])]
        words = words[:-size]
    while len(words) > 1 and words[-1] == "and":
        words = words[:-1]
    if form is not None:
        return words, form
    for size in range(min(_LONGEST_FORM, len(words) - 1), 0, -1):
        phrase = _phrase(words[:size])
        if phrase in known and (size > 1 or phrase in _LEADING):
            return words[size:], known[phrase]
    return words, None


def _form_at_end(words: list[str], known: dict[str, str]) -> int:
    """Return how many words at the end are a legal form, leaving at least one word in front."""
    for size in range(min(_LONGEST_FORM, len(words) - 1), 0, -1):
        if _phrase(words[-size:]) in known:
            return size
    return 0


def _phrase(words: list[str]) -> str:
    return " ".join(word for word in words if word != "and")


def _digits(words: list[str], i: int) -> str:
    """Return the token with ordinals, numerals and roman numbers in digits."""
    word = words[i]
    if (match := _NUMBERED.match(word)) is not None:
        return match.group(1).lstrip("0") or "0"
    if word in _ORDINALS:
        return _ORDINALS[word]
    if word in _CARDINALS:
        return _CARDINALS[word]
    if i > 0 and word in _ROMANS and (len(word) > 1 or i == len(words) - 1):
        return _ROMANS[word]
    return word


def _numbers(words: list[str]) -> list[str]:
    """Return numbers, and letters of classes and series, in order."""
    return [
        word
        for i, word in enumerate(words)
        if word.isdigit() or (i > 0 and len(word) == 1 and words[i - 1] in _LETTERED)
    ]


def _acronym(words: list[str]) -> str | None:
    """Return the first letters of the words; a short single word may itself be one."""
    if len(words) == 1:
        return words[0] if 2 <= len(words[0]) <= 6 and words[0].isalpha() else None
    letters = [word[0] for word in words if word not in _SMALL and word[0].isalpha()]
    return "".join(letters) if len(letters) > 1 else None


def _sound(words: list[str]) -> str | None:
    spoken = [word for word in words if word.isalpha() and word not in _SMALL]
    telling = [word for word in spoken if word not in _GENERIC and len(word) > 2]
    return sound_of((telling or spoken or [""])[0])
