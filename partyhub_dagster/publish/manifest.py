"""The manifest of an export: what it holds, where it came from, and how to check it."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

FORMAT = 2


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ExportedColumn(_Part):
    """A column of the exported records, in DuckDB's words for its type."""

    name: str
    type: str


class ExportedFile(_Part):
    """One file: a bucket of a party type. Its path is relative to the folder that holds the pointer."""

    path: str
    party_type: str
    bucket: int
    rows: int
    bytes: int
    sha256: str


class Manifest(_Part):
    """One export. The same text lies under `manifests/` and, while it is the current one, in the pointer."""

    format: int = FORMAT
    run_key: str
    hub: str
    release: int
    released_at: datetime
    head_epoch: int
    snapshot: int
    lineage_seq: int
    """Last event of party_lineage that the records show."""
    models: dict[str, str]
    """Version of the active matching model by kind."""
    config_hash: str
    """Hash of hub.yaml as the hub reads it."""
    partition: str = "party_type"
    """The column that is in the paths and not in the files."""
    buckets: dict[str, int]
    """Buckets by party type. A party is in bucket `first three hexadecimal digits of party_id * buckets // 4096`."""
    columns: list[ExportedColumn]
    rows: int
    bytes: int
    files: list[ExportedFile]

    def to_json(self) -> str:
        """Return the text of the manifest; the same manifest always gives the same text."""
        return self.model_dump_json(indent=2) + "\n"
