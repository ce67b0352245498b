"""record_id: a pure function of a length-safe encoding of (source, source_record_id)."""

import hashlib
import uuid
from typing import NewType

RecordId = NewType("RecordId", uuid.UUID)


def record_id(source: str, source_record_id: str) -> RecordId:
    """Return the id that the record has for ever; the lengths keep ("a", "bc") and ("ab", "c") apart."""
    encoded = f"{len(source)}:{source}{len(source_record_id)}:{source_record_id}"
    return RecordId(uuid.UUID(bytes=hashlib.md5(encoded.encode(), usedforsecurity=False).digest()))


def record_id_sql(source: str, source_record_id: str) -> str:
    """Return the SQL expression of the same function, over two SQL expressions."""
    return (
        f"md5(concat(length({source})::varchar, ':', {source},"
        f" length({source_record_id})::varchar, ':', {source_record_id}))::uuid"
    )
