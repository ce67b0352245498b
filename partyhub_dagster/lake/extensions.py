"""Finding DuckDB's extensions: the installed wheels first, then an earlier installation, then DuckDB's own INSTALL."""

import importlib.util
from pathlib import Path

import duckdb

from partyhub_dagster.errors import LakeError
from partyhub_dagster.lake.metadata import quote_text

_WHEELS = {"sqlite_scanner": "duckdb_extension_sqlite_scanner", "ducklake": "duckdb_extension_ducklake"}


def extension_file(name: str) -> Path | None:
    """Return the extension that the installed wheel carries for this DuckDB, or None."""
    spec = importlib.util.find_spec(_WHEELS[name])
    if spec is None or not spec.submodule_search_locations:
        return None
    for folder in spec.submodule_search_locations:
        file = Path(folder) / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
        if file.is_file():
            return file
    return None


def load_extensions(con: duckdb.DuckDBPyConnection) -> None:
    """Load what a lake with an SQLite catalog needs.

    Raises:
        LakeError: an extension is neither in a wheel, nor installed, nor to be had.
    """
    for name in _WHEELS:
        file = extension_file(name)
        if file is not None:
            con.execute(f"load {quote_text(str(file))}")
            continue
        try:
            con.execute(f"load {name}")
        except duckdb.Error:
            _install(con, name)


def _install(con: duckdb.DuckDBPyConnection, name: str) -> None:
    try:
        con.execute(f"install {name}")
        con.execute(f"load {name}")
    except duckdb.Error as error:
        wheel = _WHEELS[name].replace("_", "-")
        raise LakeError(
            f"DuckDB {duckdb.__version__} has no {name} extension here and could not install it"
            f" ({type(error).__name__}).",
            remedy=f"Install the wheel {wheel}=={duckdb.__version__}, or run INSTALL {name} in DuckDB once.",
        ) from None
