"""The base of every section of hub.yaml, and how a section says that something in it is wrong."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError


class Section(BaseModel):
    """A part of hub.yaml: immutable, without unknown keys; a key left blank counts as not written."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _blank_is_unwritten(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            return {key: value for key, value in data.items() if value is not None}
        return data


def wrong(problem: str, remedy: str, at: tuple[str | int, ...] = ()) -> PydanticCustomError:
    """Make the error that a validator raises; `at` is where inside the section, when not the whole of it."""
    return PydanticCustomError("hub_mistake", "{problem}", {"problem": problem, "remedy": remedy, "at": at})


Written = str | int | float | bool
"""A text as YAML may hold it: the reader takes every scalar as text."""


def as_list(value: Any) -> Any:
    """Let one thing stand for a list of one."""
    return value if isinstance(value, (list, tuple)) else [value]


def _plain_name(value: str) -> str:
    if not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", value):
        raise wrong(f"`{value}` cannot be a name", "Write letters, digits and _ only, a letter first")
    return value


Name = Annotated[str, AfterValidator(_plain_name)]
"""A name that can stand in file names, table names and commands."""
