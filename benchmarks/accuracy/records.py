"""The records of a set for tools that do not read hub.yaml: the columns that it maps, raw, and nothing else."""

from pathlib import Path

import duckdb

from benchmarks.accuracy.sets import LabelledSet
from partyhub_dagster.config.load import load_config
from partyhub_dagster.config.sources import Source
from partyhub_dagster.lake.metadata import quote_name


def write_records(labelled: LabelledSet, work: Path) -> Path:
    """Write (source, source_record_id, mapped columns) of all sources, trimmed, as CSV.

    Grain: one row per record, in an order by hash, since the files' own often has duplicates side by side.
    Guarantees: no label is in it but where the id holds one, so tools get no id.
    """
    out = work / f"{labelled.name}_records.csv"
    sources = load_config(labelled.folder / "hub.yaml").sources
    every = " union all by name ".join(
        _records(name, source, labelled.folder) for name, source in sources.items()
    )
    duckdb.execute(
        f"copy (select * from ({every}) order by md5(source || ' ' || source_record_id)) to '{out}' (header)"
    )
    return out


def _records(name: str, source: Source, folder: Path) -> str:
    said = [source.kind.column] if source.kind.column else []
    mapped = [quote_name(column) for column in dict.fromkeys([*source.columns, *said])]
    [key] = source.key
    selected = ", ".join(
        [
            f"'{name}' as source",
            f"trim({quote_name(key)}::varchar) as source_record_id",
            *(f"nullif(trim({column}::varchar), '') as {column}" for column in mapped),
        ]
    )
    files = [str(pattern) for pattern in source.patterns(folder)]
    reader = "read_parquet($)" if source.format == "parquet" else "read_csv($, all_varchar = true)"
    return f"select {selected} from {reader.replace('$', str(files))}"
