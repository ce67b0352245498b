"""Versions of the libraries that make normalised values: part of the stage's fingerprint."""

from importlib.metadata import version

LIBRARIES = (
    "rigour",
    "normality",
    "pyicu-wheels",
    "phonenumbers",
    "python-stdnum",
    "usaddress",
    "pycountry",
    "duckdb",
)
RULES = "2"
"""Version of our own rules; raise it when a cleaner starts to answer differently."""


def library_versions() -> dict[str, str]:
    """Return the version of every library whose update may change a value, and of our own rules."""
    return {"normalize": RULES, **{name: version(name) for name in LIBRARIES}}
