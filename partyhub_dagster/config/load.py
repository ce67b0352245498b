"""Reading hub.yaml: a configuration, or every mistake in it."""

import copy
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from partyhub_dagster.config.checks import References, check_all
from partyhub_dagster.config.document import Document, parse_document, read_document
from partyhub_dagster.config.hub import HubConfig
from partyhub_dagster.config.mistakes import Mistake, YamlPath
from partyhub_dagster.config.shape import shape_mistakes, written_keys
from partyhub_dagster.config.sources import Source
from partyhub_dagster.errors import ConfigError


def load_config(path: Path) -> HubConfig:
    """Read a hub.yaml.

    Raises:
        ConfigError: it has mistakes; the message lists all of them.
    """
    return _configure(read_document(Path(path)))


def parse_config(text: str, root: Path) -> HubConfig:
    """Read a text as if it were the hub.yaml in the folder `root`.

    Raises:
        ConfigError: it has mistakes; the message lists all of them.
    """
    return _configure(parse_document(text, root / "hub.yaml"))


def find_mistakes(path: Path) -> list[Mistake]:
    """List every mistake of a hub.yaml, in the order of its lines."""
    return _read(read_document(Path(path)))[1]


def _configure(document: Document) -> HubConfig:
    config, mistakes = _read(document)
    if config is not None and not mistakes:
        return config
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    lines = "\n".join(f"  {mistake}" for mistake in mistakes)
    raise ConfigError(
        f"{document.file} has {count}; nothing was done.\n{lines}\n",
        remedy="Correct the file; `partyhub config check` lists what is left.",
        mistakes=len(mistakes),
    )


def _read(document: Document) -> tuple[HubConfig | None, list[Mistake]]:
    """Validate the shape of everything, then cross-check what has a valid shape."""
    if document.data is None:
        return None, list(document.mistakes)
    if not isinstance(document.data, dict):
        problem = "the file holds no keys with values"
        return None, [document.mistake((), problem, "Start with version, name and sources")]
    root = document.file.absolute().parent
    data, filled_in = _without_filled_in(document)
    mistakes = [*document.mistakes, *filled_in]
    config, errors = _validate(data, root)
    mistakes += shape_mistakes(document, errors.errors()) if errors else []
    pruned = config is None
    while config is None and errors is not None and _prune(data, document, errors):
        config, errors = _validate(data, root)
    if config is not None:
        references = References.of(config, document.data if pruned else {})
        mistakes += [document.mistake(*found) for found in check_all(config, references)]
    return (None if pruned else config), _in_order(mistakes)


def _validate(data: dict[str, Any], root: Path) -> tuple[HubConfig | None, ValidationError | None]:
    try:
        return HubConfig.model_validate({**data, "root": root}), None
    except ValidationError as error:
        return None, error


def _without_filled_in(document: Document) -> tuple[dict[str, Any], list[Mistake]]:
    """Take out keys that the schema has but authors do not write."""
    data: dict[str, Any] = copy.deepcopy(document.data)
    mistakes = []
    sections: list[tuple[YamlPath, Any, str]] = [((), data, "root")]
    sources = data.get("sources")
    if isinstance(sources, dict):
        sections += [(("sources", name), source, "name") for name, source in sources.items()]
    for path, section, key in sections:
        if isinstance(section, dict) and key in section:
            del section[key]
            keys = ", ".join(written_keys(HubConfig if key == "root" else Source))
            remedy = f"Leave it out; valid are {keys}"
            mistakes.append(document.mistake((*path, key), f"`{key}` is no key of this section", remedy))
    return data, mistakes


def _prune(data: dict[str, Any], document: Document, errors: ValidationError) -> bool:
    """Take out what has mistakes, so that the rest can be checked; says whether it found any."""
    taken = False
    for error in errors.errors():
        at = error.get("ctx", {}).get("at", ())
        path = document.place((*error["loc"], *at))
        if error["type"] == "hub_mistake" and at:
            path = document.place(error["loc"])
        taken = _take_out(data, path) or taken
    return taken


def _take_out(data: Any, path: YamlPath) -> bool:
    """Blank one entry; lists keep their positions, so that paths stay right."""
    for step in path[:-1]:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return False
    if not path or not isinstance(data, (dict, list)):
        return False
    try:
        if isinstance(data, dict):
            del data[path[-1]]
        else:
            del data[int(path[-1])]
    except (KeyError, IndexError):
        return False
    return True


def _in_order(mistakes: list[Mistake]) -> list[Mistake]:
    unique = dict.fromkeys(mistakes)
    return sorted(unique, key=lambda mistake: (mistake.line or 0, mistake.yaml_path, mistake.problem))
