"""What a failed rule means, and what to do next: a sentence each, for people."""

from typing import NamedTuple


class Advice(NamedTuple):
    """What it means that a rule does not hold, and the next step."""

    meaning: str
    next_step: str


_REPORT = "Run `partyhub build --full`; if it fails again, report it with the rule's name."
_SENDER = (
    "Ask the sender. Deliver the good version under the name of the bad file, or accept it if it is meant."
)
_LOOK = "Look at some of the sample with `partyhub show ID`; correct the source, or accept it if it is meant."

ADVICE = {
    "loads_reconcile": Advice("Rows of a load are unaccounted for.", _REPORT),
    "current_is_newest_version": Advice("A record is not in its newest version.", _REPORT),
    "quarantined_share": Advice(
        "Much of a delivery was rejected.", "`partyhub quarantine list` tells why; mend the rows or the file."
    ),
    "every_delivery_loaded": Advice(
        "A file could not be loaded or breaks its contract.",
        "`partyhub status` names it and why. Mend it or take it away; `partyhub load --accept FILE --reason TEXT`"
        " lets a refused one through.",
    ),
    "deletions_refused": Advice(
        "A full snapshot lacked so many records that they were not deleted.",
        "Check that the file is complete; if it is, raise max_deleted_share and deliver it again.",
    ),
    "version_conflicts": Advice(
        "A source sent one version of a record with two contents; the later one holds.",
        "Ask the sender to raise the version with every change.",
    ),
    "rows_collapsed": Advice("A full snapshot has far fewer rows than the one before.", _SENDER),
    "columns_emptied": Advice("A column that used to have values has far fewer.", _SENDER),
    "columns_shifted": Advice("Values seem to stand in the wrong columns.", _SENDER),
    "one_value_everywhere": Advice("One value fills a column that used to tell records apart.", _SENDER),
    "keys_reused": Advice("Keys of a source now name other people or companies.", _SENDER),
    "placeholder_rise": Advice("A source fills fields with values that stand for nothing.", _SENDER),
    "parties_merged": Advice("Many parties have become part of others.", _LOOK),
    "parties_split": Advice("Many parties fell apart.", _LOOK),
    "parties_retired": Advice("Many parties have no record any more.", _LOOK),
    "golden_values_changed": Advice("Many golden values of an attribute were replaced or lost.", _LOOK),
    "normalized_is_complete": Advice("A live record is not normalised as it is now.", _REPORT),
    "keys_belong_to_live_records": Advice("Blocking keys of records that are gone remain.", _REPORT),
    "edges_are_symmetric": Advice("A pair is stored in one direction only.", _REPORT),
    "every_record_in_one_party": Advice("A record is in no party, or in two.", _REPORT),
    "party_id_is_the_anchor": Advice("A party is not named after its first member.", _REPORT),
    "not_same_holds": Advice("Two records that a person kept apart are one party.", _REPORT),
    "exclusive_id_in_one_party": Advice(
        "Two parties hold one identifier that only one can have.",
        "`partyhub explain A B` on their records says what keeps them apart.",
    ),
    "largest_component": Advice(
        "One component holds a large share of the records.",
        "Look for a value that many records share, such as a switchboard; then train a model again.",
    ),
    "largest_party": Advice("A party has more records than is plausible.", _LOOK),
    "match_rate_change": Advice("Records are merged much more, or less, than in the release before.", _LOOK),
    "identifier_validity": Advice(
        "Many identifiers fail their check digits.", "Check that the column is mapped to the right scheme."
    ),
    "placeholder_share": Advice(
        "Many records hold values that stand for nothing.", "Ask the senders to leave unknown fields empty."
    ),
    "golden_is_complete": Advice("A party has no golden record, or one too many.", _REPORT),
    "members_add_up": Advice("A golden record counts other members than its party has.", _REPORT),
    "provenance_is_complete": Advice("A golden value cannot say where it comes from.", _REPORT),
    "lineage_has_no_gap": Advice("An event of lineage is missing.", _REPORT),
    "lineage_replays_to_parties": Advice("Lineage tells other parties than there are.", _REPORT),
    "completeness": Advice("Too many golden records lack the attribute.", _LOOK),
    "key_is_unique": Advice("A table has two rows of one key.", _REPORT),
}
"""Advice by the name of the rule, without its attribute or table."""


def advice_on(rule: str) -> Advice:
    """Return what to tell of a rule that does not hold; rules of one attribute or table share theirs."""
    return ADVICE[rule.partition(":")[0]]
