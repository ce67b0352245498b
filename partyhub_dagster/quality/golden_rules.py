"""The golden suite: every party has its golden record, every value its proof, and lineage tells the same story."""

import re

from partyhub_dagster.config import Attribute, HubConfig
from partyhub_dagster.lake.metadata import quote_name, quote_text
from partyhub_dagster.quality.rule import Rule, Severity, at_least, no_row_breaks, sample_of, statement
from partyhub_dagster.quality.touched import TOUCHED_PARTIES, of_touched

_USUAL_COMPLETENESS = {"name": 0.95}  # of parties without a name little can be said or matched


def golden_rules(config: HubConfig) -> list[Rule]:
    """List the rules of the golden suite, keys of tables apart."""
    return [
        _rule(
            "golden_is_complete", "block", ("party_clusters", "golden_parties"),
            "Every party has a golden record, and every golden record is that of a party.",
            no_row_breaks("(select distinct party_id from party_clusters)", statement("golden_is_complete.sql")),
            _for_touched("golden_is_complete.sql"),
        ),
        _rule(
            "members_add_up", "block", ("party_clusters", "golden_parties"),
            "Every golden record counts as many members as its party has.",
            no_row_breaks("golden_parties", statement("members_add_up.sql")),
            _for_touched("members_add_up.sql"),
        ),
        _rule(
            "provenance_is_complete", "block", ("party_clusters", "golden_parties"),
            "Every golden value names the record it comes from, and that record is a member of the party.",
            no_row_breaks("golden_parties", f"{_without_proof(config)} union all ({_PROOF_BY_NO_MEMBER})"),
            no_row_breaks(
                TOUCHED_PARTIES,
                f"{_without_proof(config, 'epoch > {since}')} union all ({_proofs_of_touched(_PROOF_BY_NO_MEMBER)})",
            ),
        ),
        _rule(
            "lineage_has_no_gap", "block", ("party_lineage",),
            "The events of lineage are numbered 1, 2, 3 ... without a gap.",
            no_row_breaks("party_lineage", statement("lineage_has_no_gap.sql")),
        ),
        _rule(
            "lineage_replays_to_parties", "block", ("party_lineage", "party_clusters"),
            "Lineage replayed from nothing gives today's parties and members.",
            no_row_breaks("party_clusters", statement("lineage_replays_to_parties.sql")),
        ),
        *_completeness(config),
    ]  # fmt: skip


def _for_touched(name: str) -> str:
    return no_row_breaks(
        TOUCHED_PARTIES,
        of_touched(statement(name), TOUCHED_PARTIES, ("party_id",), "golden_parties", "party_clusters"),
    )


def _proofs_of_touched(query: str) -> str:
    """Narrow the query of strange proofs to parties that were touched since.

    Where it asks whether a record lives at all (`select record_id from party_clusters`) every party still counts.
    """
    for table in (
        r"\b(from|join) (golden_parties)\b",
        r"(?<!select record_id )\b(from|join) (party_clusters)\b",
    ):
        query = re.sub(table, r"\1 (from \2 semi join touched using (party_id))", query)
    return f"with touched as materialized (from {TOUCHED_PARTIES}) from ({query})"


_PROOF_BY_NO_MEMBER = statement("proof_by_no_member.sql")


def _without_proof(config: HubConfig, where: str = "true") -> str:
    """Query the golden records with a value that lacks its proof.

    A part of a name or address survives with its group, so the group's proof is its own.
    """
    lacking = " or ".join(_lacks_proof(attribute) for attribute in config.attributes.values())
    return f"select party_id as id from golden_parties where {where} and ({lacking or 'false'})"


def _lacks_proof(attribute: Attribute) -> str:
    proof = f"provenance[{quote_text(attribute.name)}]"
    if attribute.group != attribute.name:
        proof = f"coalesce({proof}, provenance[{quote_text(attribute.group)}])"
    proofs, value = f"coalesce(len({proof}), 0)", quote_name(attribute.name)
    if attribute.sql_type.endswith("[]"):
        return f"coalesce(len({value}), 0) <> {proofs}"
    return f"({value} is not null and {proofs} = 0)"


def _completeness(config: HubConfig) -> list[Rule]:
    wanted = {name: share for name, share in _USUAL_COMPLETENESS.items() if name in config.attributes}
    shares = wanted | config.quality.min_completeness
    return [
        _complete(config, name, share, "block" if name in config.quality.min_completeness else "warn")
        for name, share in shares.items()
    ]


def _complete(config: HubConfig, attribute: str, share: float, severity: Severity) -> Rule:
    """Make the rule of one attribute; parties of a kind that no source gives it to are left out."""
    kinds = _kinds_with(config, attribute)
    column = quote_name(attribute)
    is_list = config.attributes[attribute].sql_type.endswith("[]")
    lacks = f"coalesce(len({column}), 0) = 0" if is_list else f"{column} is null"
    measuring = (
        f"select count(*) as rows_checked, count(*) filter ({lacks}) as rows_failed,"
        " 1 - rows_failed / nullif(rows_checked, 0) as measured,"
        f" {sample_of('party_id', lacks)} as sample"
        f" from golden_parties where kind in ({', '.join(quote_text(kind) for kind in kinds)})"
    )
    return _rule(
        f"completeness:{attribute}", severity, ("golden_parties",),
        f"At least {share:.0%} of the golden records that can have {attribute} have it.",
        at_least(share, measuring),
    )  # fmt: skip


_KIND_OF_TYPE = {"person_name": "person", "organization_name": "organization", "date_of_birth": "person"}


def _kinds_with(config: HubConfig, attribute: str) -> list[str]:
    """List the kinds that some source feeds the attribute for; all kinds if none does."""
    group = config.attributes[attribute].group
    found = {
        kind
        for source in config.sources.values()
        for mapping in source.mappings
        for kind in source.kinds
        if mapping.attribute == group and _KIND_OF_TYPE.get(mapping.type, kind) == kind
    }
    return [kind for kind in config.kinds if kind in found] or config.kinds


def _rule(
    name: str, severity: Severity, reads: tuple[str, ...], description: str, query: str, query_since: str = ""
) -> Rule:
    return Rule(
        name, "golden", severity, "golden_parties", reads, description, query, query_since=query_since
    )
