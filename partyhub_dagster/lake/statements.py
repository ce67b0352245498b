"""Loading the SQL statements that lie beside the code that runs them."""

from functools import cache
from importlib.resources import files


@cache
def load_sql(package: str, name: str) -> str:
    """Return the text of `sql/<name>` inside `package`."""
    return (files(package) / "sql" / name).read_text(encoding="utf-8")
