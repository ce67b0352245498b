"""Values that stand for nothing: N/A, UNKNOWN, TEST, 000-00-0000, none@none.com. They are no evidence."""

import re
from functools import cache, lru_cache

from partyhub_dagster.normalize.text import CACHED

_WORDS = frozenset({
    "n/a", "na", "n.a.", "n.a", "#n/a", "none", "null", "(null)", "nil", "nan", "unknown", "unk", "unkn", "unknwon",
    "not available", "not applicable", "not provided", "not known", "not given", "no data", "no value", "tbd", "tba",
    "test", "test test", "testing", "tester", "dummy", "sample", "asdf", "qwerty", "undefined", "missing", "blank",
    "empty", "anonymous", "default", "no name", "noname", "no address", "no phone", "no email", "do not use",
    "unknown unknown", "not on file", "refused", "declined", "same", "same as above", "xx", "xxx",
})  # fmt: skip
_NO_NAMES = frozenset({"nmn", "nmi", "fnu", "lnu"})
"""No middle name, no middle initial, first or last name unknown: as American forms have it."""
_LIST_OMITS = frozenset({"other", "vacant", "void", "nil"})
_STRIPPED = " \t\"'.,;:!?*_-/\\()[]{}<>#=~|"
_LONGEST = 32
_RUN_UP = "01234567890123456789"
_RUN_DOWN = _RUN_UP[::-1]
_MAIL_NAMES = frozenset({
    "none", "na", "n/a", "null", "test", "unknown", "noemail", "no-email", "no.email", "nomail", "noreply", "no-reply",
    "donotreply", "xxx", "xx", "x", "abc", "asdf", "nobody", "anonymous", "no", "notprovided", "not.provided", "dummy",
})  # fmt: skip
_MAIL_NOTHING = frozenset({"none", "noemail", "nomail", "no-email", "no.email", "notprovided"})
"""These stand for nothing at any host."""
_MAIL_HOSTS = re.compile(
    r"^(none|na|n-a|null|test|unknown|noemail|nomail|nowhere|no|invalid|email|mail|domain|abc|x+)\."
)


@cache
def _words() -> frozenset[str]:
    from rigour._core import nullwords_list

    theirs = {word.casefold().strip() for word in nullwords_list()} - _LIST_OMITS
    return _WORDS | theirs


@lru_cache(maxsize=CACHED)
def is_placeholder(text: str) -> bool:
    """Tell whether a tidy text of any meaning stands for nothing."""
    if len(text) > _LONGEST:
        return False
    folded = text.casefold()
    if folded in _words():
        return True
    core = folded.strip(_STRIPPED)
    if not core:
        return True
    return core in _words() or _is_filler(core)


def _is_filler(core: str) -> bool:
    """One character many times: xxxx, 0000. Three letters may be initials, so letters take four, x three."""
    if len(set(core)) != 1:
        return False
    return (core[0] == "x" and len(core) > 1) or (core[0] in "0?z" and len(core) > 2) or len(core) > 4


def is_no_name(word: str) -> bool:
    """Tell whether a word of a person's name says that there is none: NMN, FNU."""
    return word.casefold().strip(".,()") in _NO_NAMES


def is_placeholder_number(digits: str) -> bool:
    """Tell whether the digits (or letters) of an identifier or phone are a filler: 999999999, 123456789."""
    if len(digits) < 5:
        return len(set(digits)) == 1 and digits[:1] in ("0", "9", "x", "X")
    return len(set(digits)) == 1 or digits in _RUN_UP or digits in _RUN_DOWN


def is_placeholder_email(name: str, host: str) -> bool:
    """Tell whether an address such as none@none.com stands for nothing; example.com alone does not."""
    if name in _MAIL_NAMES and (_MAIL_HOSTS.match(host) is not None or name in host.split(".")):
        return True
    return name in _MAIL_NOTHING or host in {"none", "na", "none.com"}
