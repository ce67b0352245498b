"""E-mail addresses: lower case; a tag after + is no part of the identity."""

import re

from partyhub_dagster.normalize.cleaned import NOTHING, PLACEHOLDER, Cleaned
from partyhub_dagster.normalize.placeholders import is_placeholder, is_placeholder_email
from partyhub_dagster.normalize.text import tidy

_ADDRESS = re.compile(
    r"^[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}$"
)
_INSIDE = re.compile(r"<([^<>]+@[^<>]+)>\s*$")
_GOOGLE = frozenset({"gmail.com", "googlemail.com"})


def clean_email(raw: str) -> Cleaned:
    """Return the address in lower case; its key leaves out +tags, and dots where Google ignores them."""
    text = tidy(raw)
    if not text:
        return NOTHING
    if "@" not in text and is_placeholder(text):
        return PLACEHOLDER
    if (inside := _INSIDE.search(text)) is not None:
        text = inside.group(1)
    text = text.strip(" .,;<>\"'").lower().removeprefix("mailto:").replace(" ", "")
    if not text:
        return NOTHING
    name, _, host = text.rpartition("@")
    if is_placeholder_email(name, host):
        return PLACEHOLDER
    if _ADDRESS.match(text) is None or ".." in text or name.startswith(".") or name.endswith("."):
        return Cleaned(text, text, valid=False)
    key = name.split("+", 1)[0] or name
    if host in _GOOGLE:
        key, host = key.replace(".", "") or key, "gmail.com"
    return Cleaned(text, f"{key}@{host}", valid=True)
