"""A source: where its files lie, what identifies and orders its records, and what its columns mean."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from partyhub_dagster.config.contract import Contract
from partyhub_dagster.config.file_formats import (
    CsvOptions,
    ExcelOptions,
    FileFormat,
    FixedWidthOptions,
    JsonOptions,
    format_of,
    suffix_of,
)
from partyhub_dagster.config.mappings import ColumnTarget, Constant, Country, Mapping
from partyhub_dagster.config.section import Name, Section, Written, as_list, wrong
from partyhub_dagster.config.semantics import KINDS, Kind, PartyType
from partyhub_dagster.config.time_formats import problem_of_format

Text = Annotated[str, Field(min_length=1)]
_ONE_OR_MORE = BeforeValidator(as_list, json_schema_input_type=Written | list[Written])


def _choice_form(value: Any) -> Any:
    return {"default": value} if isinstance(value, str) else value


def _targets_form(value: Any) -> Any:
    return as_list(value) if value is not None else []


class RecordVersion(Section):
    """Which version of a record a row is: the higher value is the newer one."""

    column: Text
    """Column with the version."""
    type: Literal["integer", "timestamp", "date", "text"]
    """How versions compare."""


class EventTime(Section):
    """When the source last changed the record."""

    column: Text
    """Column with the time."""
    type: Literal["timestamp", "date"] = "timestamp"
    """What the column holds."""
    format: str | None = None
    """strptime format, such as %d/%m/%Y; left out: ISO 8601."""

    @model_validator(mode="after")
    def _format_is_valid(self) -> Self:
        if self.format is not None and (problem := problem_of_format(self.format)):
            raise wrong(problem, 'Write a strptime format, such as "%Y-%m-%d %H:%M:%S"', at=("format",))
        return self


class DeleteMarker(Section):
    """How a row says that its record was deleted."""

    column: Text
    """Column with the marker."""
    values: Annotated[tuple[str, ...], _ONE_OR_MORE, Field(min_length=1)]
    """Values of the column that mean deleted."""


class KindChoice(Section):
    """Whether a record is a person or an organization: the same for all, or said by a column."""

    column: Text | None = None
    """Column that says it; left out: every record has the default."""
    values: dict[str, Kind] = Field(default_factory=dict)
    """What the column's values mean."""
    default: Kind | None = None
    """Kind of rows whose value is not listed; left out: such rows are quarantined."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        _check_choice(self.column, self.values, self.default)
        return self

    @property
    def possible(self) -> list[Kind]:
        """Kinds that records of the source can have."""
        found = {*self.values.values(), self.default}
        return [kind for kind in KINDS if kind in found]


class PartyTypeChoice(Section):
    """The party type of a record: the same for all, or said by a column."""

    column: Text | None = None
    """Column that says it; left out: every record has the default."""
    values: dict[str, PartyType] = Field(default_factory=dict)
    """What the column's values mean."""
    default: PartyType | None = None
    """For rows whose value is not listed; left out: INDIVIDUAL or ORGANIZATION, by kind."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        _check_choice(self.column, self.values, self.default)
        return self


def _check_choice(column: str | None, values: object, default: str | None) -> None:
    if column is None and values:
        raise wrong("values are listed, but no column that holds them", "Add column: NAME")
    if column is not None and not values:
        raise wrong("a column is named, but not what its values mean", "Add values: {VALUE: MEANING}")
    if column is None and default is None:
        raise wrong("nothing is said here", "Write one word, or {column: NAME, values: {VALUE: MEANING}}")


class Source(Section):
    """A feed of records."""

    name: Name
    """Its key under `sources`; not written in the section itself."""
    path: Annotated[tuple[Text, ...], _ONE_OR_MORE] = ()
    """Files or globs, relative to hub.yaml; left out: the source is fed by events alone."""
    format: FileFormat
    """Format of the files; left out: told from the suffix of the path."""
    key: Annotated[tuple[Text, ...], _ONE_OR_MORE, Field(min_length=1)]
    """Columns that identify a record within the source."""
    version: RecordVersion | None = None
    """Which version of its record a row is."""
    event_time: EventTime | None = None
    """When the source changed the record; orders versions when there is no version column."""
    feed: Literal["delta", "snapshot"] = "delta"
    """delta: a file holds what changed; snapshot: each file is the whole source."""
    max_deleted_share: Annotated[float, Field(ge=0, le=1)] = 0.3
    """Snapshot feeds: deletions above this share of the live records are refused."""
    deleted: DeleteMarker | None = None
    """How a row says that its record was deleted."""
    kind: Annotated[KindChoice, BeforeValidator(_choice_form, json_schema_input_type=Kind | KindChoice)]
    """person or organization, or the column that says it."""
    party_type: (
        Annotated[
            PartyTypeChoice,
            BeforeValidator(_choice_form, json_schema_input_type=PartyType | PartyTypeChoice),
        ]
        | None
    ) = None
    """INDIVIDUAL, ORGANIZATION or LEGAL_ENTITY, or the column that says it."""
    csv: CsvOptions = CsvOptions()
    """How its CSV files are written."""
    json_: JsonOptions = Field(default=JsonOptions(), alias="json")
    """How its JSON files are laid out."""
    excel: ExcelOptions = ExcelOptions()
    """Where the rows lie in its workbooks."""
    fixed_width: FixedWidthOptions = FixedWidthOptions()
    """Where the columns lie in its fixed-width lines."""
    max_expanded_mb: Annotated[int, Field(ge=1)] = 20_000
    """Compressed files that expand beyond this are refused."""
    follow_links: bool = False
    """Whether files may be links that lead out of the folder of `path`."""
    settle_seconds: Annotated[float, Field(ge=0)] = 0
    """Files changed less than this many seconds ago are left for the next build."""
    contract: Contract | None = None
    """What every delivery keeps, or is refused whole."""
    country: Country | None = None
    """ISO 3166 alpha-2: country of phones, addresses and identifiers that name none."""
    constants: tuple[Constant, ...] = ()
    """Values that every record of the source has."""
    columns: dict[
        str,
        Annotated[
            tuple[ColumnTarget, ...],
            BeforeValidator(_targets_form, json_schema_input_type=ColumnTarget | list[ColumnTarget]),
            Field(min_length=1),
        ],
    ] = Field(min_length=1)
    """What each column means; columns that are not listed are kept as received and not used."""

    @model_validator(mode="before")
    @classmethod
    def _tell_from_suffix(cls, data: Any) -> Any:
        """Fill in the format, and the delimiter of .tsv files, where the suffixes tell one."""
        if not isinstance(data, dict):
            return data
        paths = [path for path in as_list(data.get("path")) if isinstance(path, str)]
        formats = {format_of(path) for path in paths}
        if data.get("format") is None and (not paths or (len(formats) == 1 and None not in formats)):
            data = {**data, "format": formats.pop() if paths else "jsonl"}
        if paths and all(suffix_of(path) == ".tsv" for path in paths) and "csv" not in data:
            data = {**data, "csv": {"delimiter": "\t"}}
        return data

    @property
    def mappings(self) -> list[Mapping]:
        """Every mapping of a column or constant, in the order of hub.yaml."""
        return list(self._mappings)

    @cached_property
    def _mappings(self) -> tuple[Mapping, ...]:
        of_columns = [
            target.mapping(column, None, self.country)
            for column, targets in self.columns.items()
            for target in targets
        ]
        of_constants = [constant.mapping(None, constant.value, self.country) for constant in self.constants]
        return (*of_columns, *of_constants)

    @property
    def kinds(self) -> list[Kind]:
        """Kinds that records of the source can have."""
        return self.kind.possible

    def patterns(self, root: Path) -> list[Path]:
        """Return the files or globs of `path`, below the folder of hub.yaml."""
        return [root / pattern for pattern in self.path]
