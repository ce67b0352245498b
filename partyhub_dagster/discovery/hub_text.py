"""The text of a first hub.yaml: every guess with a comment that says how sure it is and why."""

import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from partyhub_dagster.config import parse_config
from partyhub_dagster.config.file_formats import format_of
from partyhub_dagster.discovery.draft import SourceDraft, certainty_word, source_order
from partyhub_dagster.discovery.targets import Target
from partyhub_dagster.normalize.text import tokens

SCHEMA_FILE = "hub.schema.json"
"""Beside hub.yaml, so that editors need no network."""
_COMMENT_AT = 56


def hub_text(drafts: Sequence[SourceDraft], out: Path) -> str:
    """Return the hub.yaml that is to lie at `out`; it has no mistake, which is checked here.

    Raises:
        ConfigError: it has one after all.
    """
    lines = [
        f"# yaml-language-server: $schema={SCHEMA_FILE}",
        "#",
        "# A first hub.yaml, guessed from files by `partyhub init`. Comments say how sure each guess is, and why.",
        "# It builds as it is. Read what is marked unsure, then: partyhub build, partyhub status.",
        "# docs/configuration.md explains every key.",
        "version: 1",
        f"name: {_hub_name(out)}",
        "",
        "sources:",
    ]
    for draft in drafts:
        lines += [*_source(draft, out.absolute().parent), ""]
    lines += _survivorship(drafts)
    text = "\n".join(lines) + "\n"
    parse_config(text, out.absolute().parent)
    return text


def _hub_name(out: Path) -> str:
    words = "_".join(tokens(out.absolute().parent.name))
    return words if words and words[0].isalpha() else "hub"


def _source(draft: SourceDraft, root: Path) -> list[str]:
    feed, key, kind = draft.feed, draft.key, draft.kind
    several = len(feed.paths) > 1
    lines = [f"  {feed.name}:"]
    path = _path_of(feed.paths, root)
    note = f"{len(feed.paths)} files of the same columns" if several else ""
    lines.append(_line("    ", "path", path, f"{feed.rows:,} rows" + (f" in {note}" if note else "")))
    if format_of(feed.paths[0].name) != feed.format:
        lines.append(_line("    ", "format", feed.format, "the name of the file does not tell it"))
    if feed.csv:
        lines.append(_line("    ", "csv", feed.csv, "from the file"))
    if feed.unreadable:
        lines.append(f"    # {feed.unreadable:,} rows cannot be read as they are and would go to quarantine")
    if not several and feed.paths[0].parent != Path():
        pattern = f"{_relative(feed.paths[0].parent, root)}/*{''.join(feed.paths[0].suffixes)}".removeprefix(
            "./"
        )
        lines.append(f"    # later deliveries: write a pattern that names them all, such as {_flow(pattern)}")
    lines.append("    # a file holds what changed; write `feed: snapshot` if each file is the whole source")
    lines.append(
        _line(
            "    ",
            "key",
            list(key.columns) if len(key.columns) > 1 else key.columns[0],
            _sure(key.certainty, key.why),
        )
    )
    lines += [_line("    ", order.setting, order.written, f"likely: {order.why}") for order in draft.orders]
    if draft.deleted is not None:
        lines.append(_line("    ", "deleted", draft.deleted, "likely: rows that delete their record"))
    lines.append(_line("    ", "kind", kind.written, _sure(kind.certainty, kind.why)))
    if draft.country is not None:
        lines.append(
            _line(
                "    ",
                "country",
                draft.country,
                f"of phones and addresses that name none: {draft.country_why}",
            )
        )
    else:
        lines.append(
            "    # country: US   of phones, addresses and dates that name none; nothing in the file tells it"
        )
    lines.append("    columns:")
    lines += [_column(target) for target in draft.targets if target.written is not None]
    left_out = [target for target in draft.targets if target.written is None]
    if left_out:
        lines.append("      # Left out, kept as received:")
    lines += [_left_out(target) for target in left_out]
    return lines


def _column(target: Target) -> str:
    return _line("      ", target.column, target.written, _sure(target.certainty, target.why))


def _left_out(target: Target) -> str:
    offer = "" if target.suggestion is None else f"{_flow(target.column)}: {_flow(target.suggestion)}"
    shown = offer or f"{_flow(target.column)}"
    return f"      # {shown}".ljust(_COMMENT_AT) + f"  # {target.why}"


def _survivorship(drafts: Sequence[SourceDraft]) -> list[str]:
    attributes = {attribute for draft in drafts for attribute in _fed(draft)}
    timed = any(draft.orders for draft in drafts)
    lines = ["survivorship:"]
    if len(drafts) > 1:
        lines.append(
            _line("  ", "sources", source_order(drafts), "best first: guessed by how much they fill in")
        )
    if not timed:
        lines.append(
            "  # no column says when a record changed, so a later delivery counts as the more recent"
        )
    lines.append("  attributes:")
    lines.append(
        _line(
            "    ",
            "name",
            ["pinned", "most_complete", "most_recent"],
            'rather "Anna Novak" than a newer "A. Novak"',
        )
    )
    if "address" in attributes:
        lines.append(
            _line("    ", "address", ["pinned", "most_recent", "most_complete"], "survives as a whole")
        )
    return (
        lines
        if attributes & {"name"}
        else (lines[:-2] if "address" not in attributes else _without_name(lines))
    )


def _without_name(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith("    name:")]


def _fed(draft: SourceDraft) -> set[str]:
    """Attributes of names and addresses that the source feeds."""
    found = set()
    for written in draft.mapped.values():
        for target in written if isinstance(written, list) else [written]:
            type_ = target if isinstance(target, str) else target["type"]
            if type_ in ("person_name", "organization_name"):
                found.add("name")
            if type_ == "address" and (isinstance(target, str) or "attribute" not in target):
                found.add("address")
    return found


def _path_of(paths: Sequence[Path], root: Path) -> Any:
    """Write one file as itself, and several as a glob if it names exactly them."""
    shown = [_relative(path, root) for path in paths]
    if len(paths) == 1:
        return shown[0]
    folders, endings = {path.parent for path in paths}, {"".join(path.suffixes) for path in paths}
    if len(folders) == 1 and len(endings) == 1:
        folder, ending = folders.pop(), endings.pop()
        if {Path(match) for match in glob.glob(f"{glob.escape(str(folder))}/*{ending}")} == set(paths):  # noqa: PTH207
            return _relative(folder, root).rstrip("/") + f"/*{ending}"
    return shown


def _relative(path: Path, root: Path) -> str:
    """Below the folder of hub.yaml, or beside it, relative; elsewhere absolute. Signs of patterns are quoted."""
    relative = Path(os.path.relpath(path, root.resolve()))
    shown = path if relative.parts[:2] == ("..", "..") else relative
    return glob.escape(shown.as_posix())


def _sure(certainty: float, why: str) -> str:
    return f"{certainty_word(certainty)}: {why}"


def _line(indent: str, key: str, value: Any, comment: str) -> str:
    return f"{indent}{_flow(key)}: {_flow(value)}".ljust(_COMMENT_AT) + f"  # {comment}"


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...").rstrip()
