"""The form of a table definition: what every other description of a table is derived from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column: SQL type, meaning, and whether it can hold personal data."""

    name: str
    sql_type: str
    description: str
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the lake. `columns` leave out `epoch`, which every table has."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    at_head: bool = False  # operators and stewards read it at head, never at a release

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the declared columns, `epoch` left out."""
        return tuple(column.name for column in self.columns)

    @property
    def definition(self) -> str:
        """The columns as SQL defines them, in parentheses."""
        columns = [f"{quote_name(c.name)} {c.sql_type}" for c in (*self.columns, EPOCH)]
        return f"({', '.join(columns)})"

    def create_statement(self) -> str:
        """Return the SQL that creates the table in the attached lake."""
        return f"create table if not exists lake.{self.name} {self.definition}"

    def key_text(self, alias: str = "") -> str:
        """Return the SQL expression that names a row in `removed_keys`."""
        prefix = f"{alias}." if alias else ""
        parts = [f"{prefix}{quote_name(name)}::varchar" for name in self.key]
        return parts[0] if len(parts) == 1 else f"concat_ws('|', {', '.join(parts)})"


EPOCH = Column("epoch", "BIGINT", "The write that last changed this row.")


def quote_name(name: str) -> str:
    """Quote a column or table name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(value: str) -> str:
    """Quote a text literal for SQL, for the few statements that take no bound values."""
    return "'" + value.replace("'", "''") + "'"
