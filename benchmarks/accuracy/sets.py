"""The labelled sets: their folder in data/, and the SQL that gives the answer key. No code for any one set."""

from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parents[2] / "data"


@dataclass(frozen=True)
class LabelledSet:
    """A folder with a hub.yaml. `truth` selects (source, source_record_id, entity_id) from its files."""

    name: str
    truth: str
    label: str

    @property
    def folder(self) -> Path:
        """Where the set lies."""
        return DATA / self.name

    def truth_query(self) -> str:
        """Return the answer key as SQL."""
        return self.truth.format(folder=self.folder)


def _of_column(source: str, reader: str, key: str, entity: str) -> str:
    return (
        f"select '{source}' as source, trim({key}) as source_record_id, {entity} as entity_id from {reader}"
    )


_TRUTH_CSV = "from read_csv('{folder}/truth.csv', all_varchar = true)"

SETS = (
    LabelledSet(
        "historical_50k",
        _of_column(
            "historical_figures_with_errors_50k",
            "read_parquet('{folder}/historical_figures_with_errors_50k.parquet')",
            "unique_id",
            "cluster",
        ),
        "50,578 records of historical persons, with errors",
    ),
    LabelledSet(
        "febrl3",
        _of_column(
            "dataset3",
            "read_csv('{folder}/dataset3.csv', all_varchar = true)",
            "rec_id",
            "regexp_extract(rec_id, '^rec-([0-9]+)-', 1)",
        ),
        "5,000 synthetic persons",
    ),
    LabelledSet(
        "fake_1000",
        _of_column(
            "fake_1000", "read_csv('{folder}/fake_1000.csv', all_varchar = true)", "unique_id", "cluster"
        ),
        "1,000 synthetic persons",
    ),
    LabelledSet("chicago_childcare", _TRUTH_CSV, "3,337 real sites of organizations, from ten lists"),
    LabelledSet("senzing_truthset", _TRUTH_CSV, "159 records of both kinds; agreement with Senzing"),
)


TAUGHT, REST = "taught", "rest of choose"
"""The parts of `choose`: what labels may be taken of, and what is then judged."""


def half_of(entity: str) -> str:
    """Return SQL that names the half of an entity: `choose` or `report`, by a hash that nothing can move."""
    return f"case when md5_number('accuracy:' || {entity}) % 2 = 0 then 'choose' else 'report' end"


def part_of(part: str) -> str:
    """Return SQL that says whether `entity_id` is of a part: a half, what a peer learns of `choose`, or its rest."""
    return {
        "all": "true",
        "none": "false",
        TAUGHT: f"{half_of('entity_id')} = 'choose' and {_TAUGHT}",
        REST: f"{half_of('entity_id')} = 'choose' and not {_TAUGHT}",
    }.get(part, f"{half_of('entity_id')} = '{part}'")


_TAUGHT = "md5_number('taught:' || entity_id) % 2 = 0"
