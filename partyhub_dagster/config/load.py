"""Reading hub.yaml: a configuration, or every mistake in it."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from partyhub_dagster.config.checks import References, check_all
from partyhub_dagster.config.document import Document, parse_document, read_document
from partyhub_dagster.config.hub import HubConfig
from partyhub_dagster.config.mistakes import Mistake, YamlPath
from partyhub_dagster.config.pruning import path_before, without
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
    refused, mistakes = _never_written(document)
    mistakes = [*document.mistakes, *mistakes]
    config, errors = _validate(document, refused)
    if errors is not None:
        mistakes += shape_mistakes(document, errors.errors())
    is_whole = config is not None
    while config is None and errors is not None:
        more = refused | _places(document, errors, refused)
        if more == refused or () in more:
            break
        refused = more
        config, errors = _validate(document, refused)
    if config is not None:
        references = References.of(config, {} if is_whole else document.data)
        found = check_all(config, references)
        mistakes += [document.mistake(path_before(path, refused), *words) for path, *words in found]
    return (config if is_whole else None), _in_order(mistakes)


def _validate(
    document: Document, refused: frozenset[YamlPath]
) -> tuple[HubConfig | None, ValidationError | None]:
    data: dict[str, Any] = without(document.data, refused)
    try:
        return HubConfig.model_validate({**data, "root": document.file.absolute().parent}), None
    except ValidationError as error:
        return None, error


def _places(document: Document, errors: ValidationError, refused: frozenset[YamlPath]) -> frozenset[YamlPath]:
    """Where the parts with errors stand in the file; a part that lacks what was refused before is refused whole."""
    places = set()
    for error in errors.errors():
        place = document.place(path_before(error["loc"], refused))
        while place in refused:
            place = place[:-1]
        places.add(place)
    return frozenset(places)


def _never_written(document: Document) -> tuple[frozenset[YamlPath], list[Mistake]]:
    """Find keys that the schema has but authors do not write."""
    candidates: list[tuple[YamlPath, type[HubConfig] | type[Source]]] = [(("root",), HubConfig)]
    sources = document.data.get("sources")
    if isinstance(sources, dict):
        candidates += [(("sources", name, "name"), Source) for name in sources]
    found = [(path, model) for path, model in candidates if path in document.lines]
    mistakes = [
        document.mistake(
            path,
            f"`{path[-1]}` is no key of this section",
            f"Leave it out; valid are {', '.join(written_keys(model))}",
        )
        for path, model in found
    ]
    return frozenset(path for path, _ in found), mistakes


def _in_order(mistakes: list[Mistake]) -> list[Mistake]:
    unique = dict.fromkeys(mistakes)
    return sorted(unique, key=lambda mistake: (mistake.line or 0, mistake.yaml_path, mistake.problem))
