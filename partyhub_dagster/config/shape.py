"""From pydantic's errors to mistakes that an author of hub.yaml understands."""

from collections.abc import Iterable
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from partyhub_dagster.config.document import Document
from partyhub_dagster.config.hub import HubConfig
from partyhub_dagster.config.mistakes import Mistake, YamlPath, closest, what_to_write
from partyhub_dagster.config.sources import Source

NOT_WRITTEN: dict[type[BaseModel], frozenset[str]] = {
    HubConfig: frozenset({"root"}),
    Source: frozenset({"name"}),
}
"""Fields that are filled in, and are no keys of hub.yaml."""

_EXPECTED = {
    "finite_number": "a number is expected",
    "float_parsing": "a number is expected",
    "float_type": "a number is expected",
    "int_parsing": "a whole number is expected",
    "int_type": "a whole number is expected",
    "int_from_float": "a whole number is expected",
    "bool_parsing": "true or false is expected",
    "bool_type": "true or false is expected",
    "string_type": "a text is expected",
    "tuple_type": "a list is expected",
    "list_type": "a list is expected",
    "dict_type": "keys with values are expected",
    "model_type": "keys with values are expected",
    "model_attributes_type": "keys with values are expected",
    "too_short": "at least one entry is needed",
    "string_too_short": "a text is needed",
    "string_too_long": "the text is too long",
    "too_long": "the text is too long",
}


def written_keys(model: type[BaseModel]) -> list[str]:
    """List the keys that hub.yaml can hold in a section."""
    hidden = NOT_WRITTEN.get(model, frozenset())
    return [field.alias or name for name, field in model.model_fields.items() if name not in hidden]


def shape_mistakes(document: Document, errors: Iterable[ErrorDetails]) -> list[Mistake]:
    """Translate errors; a key reported as misspelt is not reported as missing too."""
    found = list(errors)
    meant = {
        (*error["loc"][:-1], closest(str(error["loc"][-1]), _keys_at(error["loc"][:-1])))
        for error in found
        if error["type"] == "extra_forbidden"
    }
    told = [error for error in found if not (error["type"] == "missing" and error["loc"] in meant)]
    return [_mistake(document, error) for error in told]


def _mistake(document: Document, error: ErrorDetails) -> Mistake:
    path: YamlPath = error["loc"]
    context = error.get("ctx", {})
    match error["type"]:
        case "hub_mistake":
            return document.mistake((*path, *context["at"]), context["problem"], context["remedy"])
        case "extra_forbidden":
            remedy = what_to_write(str(path[-1]), _keys_at(path[:-1]))
            return document.mistake(path, f"`{path[-1]}` is no key of this section", remedy)
        case "missing":
            return document.mistake(path, f"`{path[-1]}` is missing", f"Add {path[-1]}: {_meaning(path)}")
        case "literal_error":
            options = [str(option) for option in get_args(_annotation_at(path))]
            problem = f"`{_shown(error['input'])}` is not valid here"
            return document.mistake(path, problem, what_to_write(str(error["input"]), options))
        case kind:
            problem = _EXPECTED.get(kind) or error["msg"].replace("Input should be", "the value should be")
            return document.mistake(path, problem, f"Write: {_meaning(path)}")


def _shown(value: object) -> str:
    return str(value) if isinstance(value, (str, int, float)) else "this"


def _meaning(path: YamlPath) -> str:
    """Say what belongs at a path, in the words of its field."""
    while path and (field := _field_at(path)) is None:
        path = path[:-1]
    text = (field.description if path and field is not None else None) or "what the section needs"
    return " ".join(text.split()).rstrip(".")


def _keys_at(path: YamlPath) -> list[str]:
    found = _annotation_at(path)
    return written_keys(found) if isinstance(found, type) and issubclass(found, BaseModel) else []


def _field_at(path: YamlPath) -> FieldInfo | None:
    owner = _annotation_at(path[:-1])
    if not (isinstance(owner, type) and issubclass(owner, BaseModel)):
        return None
    return next(
        (field for name, field in owner.model_fields.items() if path[-1] in (name, field.alias)), None
    )


def _annotation_at(path: YamlPath) -> Any:
    """Find the type that the schema has at a path; none where it has nothing."""
    if not path:
        return HubConfig
    owner = _annotation_at(path[:-1])
    if isinstance(owner, type) and issubclass(owner, BaseModel):
        field = _field_at(path)
        return None if field is None else _bare(field.annotation)
    arguments = get_args(owner)
    match get_origin(owner):
        case origin if origin is dict:
            return _bare(arguments[1])
        case origin if origin is tuple:
            return _bare(arguments[0])
        case _:
            return None


def _bare(annotation: Any) -> Any:
    """Take off Annotated and Optional."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _bare(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return _bare(next(kind for kind in get_args(annotation) if kind is not NoneType))
    return annotation
