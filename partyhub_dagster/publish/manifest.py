"""The manifest of an export: what it holds, where it came from, and how to check it."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

FORMAT = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ExportedColumn(_Part):
    """A column of the exported records, in DuckDB's words for its type."""

    name: str
    type: str


class ExportedFile(_Part):
    """One file; its path is relative to the folder that holds the pointer."""

    path: str
    party_type: str
    rows: int
    bytes: int
    sha256: str


class Manifest(_Part):
    """One export. The same text lies beside its files and, while it is the current one, in the pointer."""

    format: int = FORMAT
    run_key: str
    hub: str
    release: int
    released_at: datetime
    head_epoch: int
    snapshot: int
    models: dict[str, str]
    """Version of the active matching model by kind."""
    config_hash: str
    """Hash of hub.yaml as the hub reads it."""
    partition: str = "party_type"
    """The column that is in the paths and not in the files."""
    columns: list[ExportedColumn]
    rows: int
    bytes: int
    files: list[ExportedFile]

    def to_json(self) -> str:
        """Return the text of the manifest; the same manifest always gives the same text."""
        return self.model_dump_json(indent=2) + "\n"
