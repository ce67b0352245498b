"""Blocking keys: two records are compared when they share a key of any rule in the model.

A key is a function of the record and the model alone. Stop keys are still keys; they only bring no pairs, so a
model that differs in stop keys alone leaves every stored key as it is.
"""

from dataclasses import dataclass
from typing import Literal

import duckdb

from partyhub_dagster.matching.features import MACROS, ranked
from partyhub_dagster.matching.model import Kind, MatchModel

RARE_TOKEN = 100
"""A name token held by at most this many records blocks by itself."""

MAX_TOKENS = 6
"""Pairs of tokens are taken from the first tokens of a name only: their number grows with the square."""


Tier = Literal["core", "wide", "extra"]
"""core: in every model. wide: in shipped models. wide and extra join a trained model when worth their pairs."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A named way to find pairs: `keys` is SQL over a record `r` giving one key, or a list of keys.

    `namesakes`: a key says little beyond a name, so who shares a common one seldom is one party.
    """

    name: str
    keys: str
    many: bool = False
    tier: Tier = "core"
    namesakes: bool = False

    def select(self, source: str) -> str:
        """Return the select of (rule, key_hash, rid); the rule is in the hash, so hashes of rules differ."""
        keys = f"unnest(list_distinct({self.keys}))" if self.many else self.keys
        return (
            f"select '{self.name}' as rule, ph_key_hash('{self.name}:' || key) as key_hash, rid"
            f" from (select rid, {keys} as key from {source} as r) where key is not null"
        )


def _pairs_of(tokens: str) -> str:
    first = f"{tokens}[1:{MAX_TOKENS}]"
    return (
        f"flatten(list_transform({first}, lambda x: list_transform("
        f"list_filter({first}, lambda y: y > x), lambda y: x || '+' || y)))"
    )


_SHARED = (
    Rule("rare_name_token", "r.rare_tokens", many=True, tier="wide"),
    Rule("two_name_tokens", _pairs_of("r.name_tokens"), many=True, namesakes=True),
    Rule("phone", "r.phones", many=True),
    Rule("email", "r.emails", many=True),
    Rule("identifier", "list_concat(r.ids, r.weak_ids)", many=True),
    Rule("address", "r.addresses", many=True),
    Rule("house_and_postcode", "r.house_number || '|' || r.postcode"),
    Rule("postcode", "r.postcode", tier="extra"),
    Rule(
        "name_token_and_city",
        "list_transform(r.name_tokens, lambda x: x || '|' || r.city)",
        many=True,
        tier="extra",
    ),
    Rule("phonetic_and_postcode", "r.name_phonetic || '|' || r.postcode", tier="wide"),
)

_BY_KIND: dict[Kind, tuple[Rule, ...]] = {
    "person": (
        *_SHARED,
        Rule("phonetic_and_birth_year", "r.name_phonetic || '|' || year(r.birth_date)", namesakes=True),
        Rule("given_and_birth_date", "coalesce(r.name_root, r.name_given) || '|' || r.birth_date"),
        Rule("initial_and_birth_date", "left(r.name_given, 1) || '|' || r.birth_date", tier="wide"),
        Rule("family_initial_and_birth_date", "left(r.name_family, 1) || '|' || r.birth_date", tier="wide"),
        Rule("given_and_postcode", "coalesce(r.name_root, r.name_given) || '|' || r.postcode", tier="wide"),
        Rule("family_and_initial", "r.name_family || '|' || left(r.name_given, 1)", tier="extra"),
        Rule("phonetic_and_city", "r.name_phonetic || '|' || r.city", tier="extra"),
        Rule(
            "given_and_birth_year",
            "coalesce(r.name_root, r.name_given) || '|' || year(r.birth_date)",
            tier="extra",
        ),
        Rule("birth_day_and_family", "r.name_family || '|' || strftime(r.birth_date, '%m%d')", tier="extra"),
        Rule(
            "birth_date",
            "case when strftime(r.birth_date, '%m%d') <> '0101' then r.birth_date::varchar end",
            tier="extra",
        ),
        Rule("mailbox", "split_part(r.emails[1], '@', 1)", tier="extra"),
    ),
    "organization": (
        *_SHARED,
        Rule("name", "r.names", many=True),
        Rule("name_letters", "replace(r.name_full, ' ', '')"),
        Rule(
            "acronym",
            "[case when length(r.name_acronym) > 2 then r.name_acronym end,"
            " case when length(r.name_full) between 3 and 8 then replace(r.name_full, ' ', '') end]",
            many=True,
            tier="wide",
        ),
        Rule("website", "r.websites", many=True),
        Rule("phonetic_and_city", "r.name_phonetic || '|' || r.city", tier="extra"),
        Rule("name_start_and_city", "left(r.name_full, 5) || '|' || r.city", tier="extra"),
        Rule("name_start", "left(replace(r.name_full, ' ', ''), 8)", tier="extra"),
        Rule("name_start_and_region", "left(r.name_full, 5) || '|' || r.region", tier="extra"),
        Rule("street_and_house", "r.street || '|' || r.house_number", tier="extra"),
        Rule("phone_end", "list_transform(r.phones, lambda x: right(x, 7))", many=True, tier="extra"),
    ),
}


def rules_of(kind: Kind) -> tuple[Rule, ...]:
    """Return all rules that the hub knows for a kind."""
    return _BY_KIND[kind]


def namesakes_among(kind: Kind, rules: list[str]) -> list[str]:
    """Return those of the rules whose common keys bring namesakes together."""
    return [rule.name for rule in rules_of(kind) if rule.namesakes and rule.name in rules]


def create_blocking_keys(con: duckdb.DuckDBPyConnection, model: MatchModel, records: str, out: str) -> None:
    """Create the temp table `out` (rule, key_hash, record_id, kind) of the records of the model's kind.

    Grain: one row per rule, key and record. Guarantees: a record's rows depend on it and the model alone.
    """
    rules = [rule for rule in rules_of(model.kind) if rule.name in model.rules]
    create_keys_of(con, model, records, rules, "ph_rule_keys")
    con.execute(
        f"create or replace temp table {out} as select rule, key_hash, record_id, $kind as kind"
        " from ph_rule_keys join ph_key_records using (rid)",
        {"kind": model.kind},
    )
    con.execute("drop table ph_rule_keys; drop table ph_key_records")


def create_keys_of(
    con: duckdb.DuckDBPyConnection, model: MatchModel, records: str, rules: list[Rule], out: str
) -> None:
    """Create `out` (rule, key_hash, rid) for the given rules, and `ph_key_records` with what keys are made of."""
    con.execute(MACROS)
    con.register("ph_frequencies", model.frequency_table)
    try:
        con.execute(
            "create or replace temp table ph_key_records as select rid, record_id, name_full, name_given,"
            " name_family, name_root, name_phonetic, name_acronym, name_tokens, names, birth_date, addresses,"
            " street, house_number, city, region, postcode, phones, emails, websites, ids, weak_ids"
            f" from {records} join {ranked(records, model.kind)} using (record_id)"
        )
        con.execute(
            "create or replace temp table ph_key_source as with exploded as"
            " (select rid, unnest(name_tokens) as token from ph_key_records),"
            " rare as (select rid, list(token) as rare_tokens from exploded left join ph_frequencies as seen"
            "  on seen.field = 'token' and seen.value = token"
            "  where coalesce(seen.count, 1) <= $rare and length(token) > 1 group by rid)"
            " select held.*, rare_tokens from ph_key_records as held left join rare using (rid)",
            {"rare": RARE_TOKEN},
        )
        selects = " union all ".join(rule.select("ph_key_source") for rule in rules)
        con.execute(f"create or replace temp table {out} as {selects}")
    finally:
        con.unregister("ph_frequencies")
        con.execute("drop table if exists ph_key_source")
