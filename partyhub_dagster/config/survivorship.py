"""Which value survives in a golden record: rules by group of attributes, and the defaults."""

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field

from partyhub_dagster.config.section import Section, as_list, wrong

RuleName = Literal[
    "pinned", "validated", "source_priority", "most_recent", "most_frequent", "most_complete", "trust", "all"
]
DEFAULT_SCORE = 0.5


def _trust_form(value: Any) -> Any:
    return {"score": value} if isinstance(value, (str, int, float)) else value


def _rule_form(value: Any) -> Any:
    if isinstance(value, str):
        return {"name": value}
    if not isinstance(value, AnyMapping) or "name" in value:
        return value
    if len(value) != 1:
        raise wrong("a rule is one word, or one word with its settings", "Write one rule per list item")
    name, settings = next(iter(value.items()))
    match name:
        case "source_priority":
            return {"name": name, "sources": as_list(settings)}
        case "trust":
            return {"name": name, "scores": settings}
        case _ if settings is None or name not in get_args(RuleName):
            return {"name": name}
        case _:
            raise wrong(f"the rule `{name}` has no settings", f"Write {name} alone")


class Trust(Section):
    """How far a source is believed."""

    score: Annotated[float, Field(ge=0, le=1)] = DEFAULT_SCORE
    """0 (never) to 1 (always)."""
    half_life_days: Annotated[float, Field(gt=0)] | None = None
    """Days after which a value counts half, before the newest event time of the party; left out: no decay."""


Trusts = dict[str, Annotated[Trust, BeforeValidator(_trust_form, json_schema_input_type=float | Trust)]]


class Rule(Section):
    """One step of choosing a value: what it leaves undecided goes to the next rule."""

    name: RuleName
    """Which rule."""
    sources: tuple[str, ...] = ()
    """source_priority: best first; none: the hub's own order."""
    scores: Trusts = Field(default_factory=dict)
    """trust: by source; none: the hub's own scores."""


def _names(*names: RuleName) -> tuple[Rule, ...]:
    return tuple(Rule(name=name) for name in names)


_RuleForm = (
    RuleName | Rule | dict[Literal["source_priority"], str | list[str]] | dict[Literal["trust"], Trusts]
)
_Rule = Annotated[
    Rule,
    BeforeValidator(_rule_form, json_schema_input_type=_RuleForm),
]
Rules = Annotated[
    tuple[_Rule, ...],
    BeforeValidator(as_list, json_schema_input_type=_Rule | list[_Rule]),
    Field(min_length=1),
]
DEFAULT_RULES = _names("pinned", "validated", "most_recent", "source_priority")
DEFAULT_MULTIPLE_RULES = _names("all")


class SurvivorshipSection(Section):
    """Survivorship as hub.yaml writes it."""

    sources: Annotated[tuple[str, ...], BeforeValidator(as_list, json_schema_input_type=str | list[str])] = ()
    """Sources, best first; those not listed come last. Left out: the order of `sources`."""
    default: Rules = DEFAULT_RULES
    """Rules of single-valued attributes that name none themselves."""
    trust: Trusts = Field(default_factory=dict)
    """How far each source is believed."""
    attributes: dict[str, Rules] = Field(default_factory=dict)
    """Rules by attribute; those of a name or address govern all its parts, which survive together."""


@dataclass(frozen=True, slots=True)
class Survivorship:
    """Survivorship with nothing left to default."""

    sources: tuple[str, ...]
    """Every source, best first."""
    trust: dict[str, Trust]
    """Every source's trust."""
    rules: dict[str, tuple[Rule, ...]]
    """Rules by group of attributes."""

    def rules_for(self, group: str) -> list[Rule]:
        """The rules of a group, in order; source_priority and trust name every source."""
        return list(self.rules[group])


def resolve_survivorship(
    section: SurvivorshipSection, sources: list[str], groups: dict[str, bool]
) -> Survivorship:
    """Fill in what hub.yaml leaves to default; `groups` says of each group whether it is multi-valued."""
    order = _every_source(section.sources, sources)
    trust = {source: section.trust.get(source, Trust()) for source in sources}
    rules: dict[str, tuple[Rule, ...]] = {}
    for group, multiple in groups.items():
        written = section.attributes.get(group)
        chosen = written or (DEFAULT_MULTIPLE_RULES if multiple else section.default)
        rules[group] = tuple(_complete_rule(rule, order, trust) for rule in chosen)
    return Survivorship(order, trust, rules)


def _every_source(listed: tuple[str, ...], sources: list[str]) -> tuple[str, ...]:
    return (*listed, *(source for source in sources if source not in listed))


def _complete_rule(rule: Rule, order: tuple[str, ...], trust: dict[str, Trust]) -> Rule:
    match rule.name:
        case "source_priority":
            return rule.model_copy(update={"sources": _every_source(rule.sources, list(order))})
        case "trust":
            return rule.model_copy(update={"scores": {**trust, **rule.scores}})
        case _:
            return rule
