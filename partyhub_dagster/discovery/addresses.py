"""Columns of addresses: which belong to one address, and which part each is."""

from collections.abc import Sequence
from typing import Any

from partyhub_dagster.discovery.fits import share_of
from partyhub_dagster.discovery.meanings import Judged
from partyhub_dagster.normalize.address_parsing import looks_whole

_NO_QUALIFIERS = frozenset(
    "addr address adresse anschrift street current residential primary main name kunden kunde customer cust postal fake"
    " full code line home party client legal hq".split()
)
_PLACE = (
    {"type": "address", "part": "city", "attribute": "birth_place"},
    "heading; compared as a place, since the records name no other city",
)
_TELLING = frozenset({"full", "line", "postal_code", "city"})


def feed_addresses(columns: Sequence[Judged]) -> dict[str, tuple[Any, str]]:
    """Return what each address column feeds: one address `address`, others named after their qualifier."""
    groups: dict[str, dict[str, Judged]] = {}
    found: dict[str, tuple[Any, str]] = {}
    for column in columns:
        if column.meaning is None or not column.meaning.startswith("address:"):
            continue
        part = column.meaning.partition(":")[2]
        group = groups.setdefault(_qualifier(column), {})
        held = group.get(part)
        if held is not None and held.profile.fill >= column.profile.fill:
            found[column.name] = (None, f"a second {part} of the address; {held.name} is taken")
            continue
        if held is not None:
            found[held.name] = (None, f"a second {part} of the address; {column.name} is taken")
        group[part] = column
    if not any("city" in group for group in groups.values()):
        found |= {column.name: _PLACE for column in columns if column.meaning == "birth_place"}
    for qualifier, group in _joined(groups).items():
        attribute = "address" if not qualifier else f"{qualifier}_address"
        if not _TELLING & set(group):
            found |= _without_place(group)
            continue
        for part, column in group.items():
            found[column.name] = (_written(part, group, attribute), column.why)
    return found


def _qualifier(column: Judged) -> str:
    words = [word for word in column.heading.qualifier.split("_") if word and not word.isdigit()]
    return "_".join(word for word in words if word not in _NO_QUALIFIERS)


def _joined(groups: dict[str, dict[str, Judged]]) -> dict[str, dict[str, Judged]]:
    """Give parts without company to the address that lacks them; the fullest group is the address itself."""
    if not groups:
        return {}
    main = "" if _TELLING & set(groups.get("", {})) else max(groups, key=lambda name: len(groups[name]))
    joined: dict[str, dict[str, Judged]] = {"": dict(groups[main])}
    for name, group in groups.items():
        if name == main:
            continue
        if len(group) == 1 and not set(group) & set(joined[""]):
            joined[""] |= group
        elif not name:
            joined["other"] = group
        else:
            joined[name] = group
    return joined


def _without_place(group: dict[str, Judged]) -> dict[str, tuple[Any, str]]:
    return {
        column.name: ("country", column.why)
        if part == "country"
        else (None, "no other part of an address beside it")
        for part, column in group.items()
    }


def _written(part: str, group: dict[str, Judged], attribute: str) -> Any:
    """A column `address` beside city or postal code is the street line, unless its values are whole addresses."""
    if part in ("full", "line"):
        whole = share_of(group[part].profile.sample, looks_whole)
        alone = not {"city", "postal_code"} & set(group)
        part = "full" if whole > 0.5 or (part == "full" and alone) else "line"
        if part == "line" and "line" in group and "full" in group and group["full"] is not group["line"]:
            part = "line" if group["line"].name == group[part].name else "full"
    written: dict[str, Any] = {"type": "address"}
    if part != "full":
        written["part"] = part
    if attribute != "address":
        written["attribute"] = attribute
    return "address" if written == {"type": "address"} else written
