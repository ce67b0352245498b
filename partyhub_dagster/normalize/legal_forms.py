"""Legal forms of organisations: which words of a name are one, and its canonical form."""

from partyhub_dagster.normalize.text import tokens

_NATIVE = {
    "株式会社": "kk", "有限会社": "yk", "合同会社": "gk", "股份有限公司": "coltd", "有限责任公司": "coltd",
    "有限公司": "coltd", "주식회사": "kk", "(株)": "kk", "㈱": "kk",
}  # fmt: skip
"""Written without blanks, where rigour finds none."""
_OWN = {
    phrase: form
    for form, phrases in {
        "corp": ("corp", "corporation"), "co": ("co", "company", "cos", "companies"),
        "kk": ("kk", "kabushiki kaisha"), "sl": ("sl", "sociedad limitada"), "ltd": ("pvt", "private limited"),
        "dac": ("dac", "designated activity company"), "sa": ("societe anonyme",),
        "sarl": ("sa rl", "societe a responsabilite limitee"),
    }.items()
    for phrase in phrases
}  # fmt: skip
"""Written as legal forms; rigour does not know them as such."""
_NONE = frozenset(
    "ii i iv v vi as se sc sp is an al of and the group fund trust bank holding holdings".split()
)
"""Legal forms of rigour that are mostly something else: ii is a number far oftener than a Lithuanian form."""
_LEADING = frozenset("ooo oao zao pao ao pjsc tov pt cv uab sia too llc ojsc cjsc jsc stichting".split())
_LONGEST = 6


def without_native_form(text: str) -> tuple[str, str | None]:
    """Take a Chinese, Japanese or Korean form out of the text; return the rest and the canonical form."""
    if not text.isascii():
        for native, canonical in _NATIVE.items():
            rest = text.replace(native, " ").strip()
            if native in text and rest:
                return rest, canonical
    return text, None


def _forms_in(words: list[str]) -> dict[str, str]:
    """Return the canonical form of every legal form that stands in the words, and perhaps of parts of words."""
    from rigour.names import extract_org_types
    from rigour.text.normalize import Normalize

    text = " ".join(word for word in words if word != "and")
    found = extract_org_types(text, Normalize.CASEFOLD | Normalize.NAME)
    known = {matched: "".join(tokens(canonical)) for matched, canonical in found if matched not in _NONE}
    return {**known, **{phrase: form for phrase, form in _OWN.items() if phrase in text}}


def without_legal_form(words: list[str]) -> tuple[list[str], str | None]:
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
    for size in range(min(_LONGEST, len(words) - 1), 0, -1):
        phrase = _phrase(words[:size])
        if phrase in known and (size > 1 or phrase in _LEADING):
            return words[size:], known[phrase]
    return words, None


def _form_at_end(words: list[str], known: dict[str, str]) -> int:
    """Return how many words at the end are a legal form, leaving at least one word in front."""
    for size in range(min(_LONGEST, len(words) - 1), 0, -1):
        if _phrase(words[-size:]) in known:
            return size
    return 0


def _phrase(words: list[str]) -> str:
    return " ".join(word for word in words if word != "and")
