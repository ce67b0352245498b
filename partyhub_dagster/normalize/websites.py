"""Web sites: the address without what does not tell sites apart, and the domain that one party registers."""

import re

from partyhub_dagster.normalize.cleaned import NOTHING, PLACEHOLDER, Cleaned
from partyhub_dagster.normalize.placeholders import is_placeholder
from partyhub_dagster.normalize.text import tidy

_SCHEME = re.compile(r"^(?:[a-z][a-z0-9+.-]*://+|https?:/*|//+)", re.IGNORECASE)
_WWW = re.compile(r"^www\d?\.")
_HOST = re.compile(r"^(?:[\w](?:[\w-]{0,62}[\w])?\.)+[^\W\d_][\w-]{1,62}$")
_SECOND_LEVELS = frozenset(
    "co com org net gov ac edu gob gouv gov ne or go ltd plc me nom mil sch nhs".split()
)


def clean_website(raw: str) -> Cleaned:
    """Return host and path without scheme and www; the key is the registrable part of the host."""
    text = tidy(raw).strip(" <>\"'.,;")
    if not text:
        return PLACEHOLDER if raw.strip() and is_placeholder(tidy(raw)) else NOTHING
    if is_placeholder(text):
        return PLACEHOLDER
    rest = re.split(r"[\s?#]", _SCHEME.sub("", text), maxsplit=1)[0]
    host, slash, path = rest.partition("/")
    host = host.rpartition("@")[2].split(":", 1)[0].strip(".").lower()
    host = _WWW.sub("", host)
    if _HOST.match(host) is None:
        return Cleaned(text, None, valid=False)
    shown = f"{host}{slash}{path}".rstrip("/")
    return Cleaned(shown, registrable(host), valid=True)


def registrable(host: str) -> str:
    """Return the last two labels of the host, three below co.uk and its like."""
    labels = host.split(".")
    keep = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS else 2
    return ".".join(labels[-keep:])
