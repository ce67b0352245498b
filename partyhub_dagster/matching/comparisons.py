"""The comparisons of each kind of party, by meaning; the ladders are ordered from the strongest agreement down."""

from partyhub_dagster.matching.address_comparison import ADDRESS
from partyhub_dagster.matching.conditions import equal, overlaps, shares, unknown_without
from partyhub_dagster.matching.levels import Comparison, Level
from partyhub_dagster.matching.model import Kind

SIMILAR_GIVEN = "ph_similar_given(name_given_l, name_given_r, name_root_l, name_root_r)"
BOTH_GIVEN = "(length(name_given_l) > 1 and length(name_given_r) > 1)"
OTHER_GIVEN = (
    f"name_family_l = name_family_r and {BOTH_GIVEN}"
    " and not list_contains(tokens_l, given_hash_r) and not list_contains(tokens_r, given_hash_l)"
)
SAME_HOUSEHOLD = (
    "coalesce((street_l = street_r and house_number_l = house_number_r)"
    " or ph_any_shared(phones_l, phones_r), false)"
)


PERSON_NAME = Comparison(
    "name",
    ("name_tokens",),
    (
        unknown_without("tokens"),
        Level("same_tokens", f"{equal('name_key')} and token_count_l >= 3"),
        Level("same_pair", equal("name_pair"), tf="name_pair", tf_weight=0.7),
        # The three words of one family name (de la Garza) make no one of its members another.
        Level("three_shared", f"ph_shared(tokens_l, tokens_r) >= 3 and not coalesce({OTHER_GIVEN}, false)"),
        Level(
            "family_and_similar",
            f"{equal('name_family')} and {SIMILAR_GIVEN}",
            tf="name_family",
            tf_weight=0.7,
        ),
        Level("swapped", "name_given_l = name_family_r and name_family_l = name_given_r"),
        # Twins, spouses, parents: what they share at home is no evidence that they are one person.
        Level("other_given_same_household", f"{OTHER_GIVEN} and {SAME_HOUSEHOLD}", fixed=True),
        Level("other_given", OTHER_GIVEN),
        Level(
            "two_shared_rare",
            "ph_shared(tokens_l, tokens_r) >= 2 and ph_any_shared(rare_tokens_l, rare_tokens_r)",
        ),
        Level(
            "both_similar",
            "ph_alike(name_family_l, name_family_r, 0.9)"
            " and (name_root_l = name_root_r or ph_alike(name_given_l, name_given_r, 0.9))",
        ),
        Level("two_shared", "ph_shared(tokens_l, tokens_r) >= 2"),
        Level(
            "family_and_initial",
            f"{equal('name_family')} and {equal('given_initial')} and not {BOTH_GIVEN}",
            tf="name_family",
            tf_weight=0.7,
        ),
        Level("family", equal("name_family"), tf="name_family", tf_weight=0.7),
        Level(
            "given_alone",
            f"{equal('name_given')} and (name_family_l is null or name_family_r is null)",
            tf="name_given",
            tf_weight=0.7,
        ),
        Level("rare_shared", "ph_any_shared(rare_tokens_l, rare_tokens_r)"),
        Level("uncommon_shared", "ph_rarest_shared(words_l, words_r) >= 70"),
        # Petrov and Petrova at one mailbox: what a like family name says is not for training to raise.
        Level("similar_family", "ph_alike(name_family_l, name_family_r, 0.92)", fixed=True),
        Level("given", equal("name_given"), tf="name_given", tf_weight=0.7),
        Level("some_shared", f"{equal('name_root')} or ph_any_shared(tokens_l, tokens_r)"),
        Level("initial", equal("given_initial")),
        Level("different"),
    ),
)

COMMON_NAME = 10
"""A name that more records have is the name of a chain."""

NAME_SUFFIX = Comparison(
    "name_suffix",
    ("name_suffix",),
    (
        unknown_without("name_suffix"),
        Level("same", equal("name_suffix")),
        Level("different", fixed=True),
    ),
)

MIDDLE_CALLED = "(middle_initial_l = given_initial_r or middle_initial_r = given_initial_l)"
"""One may go by the other's middle name."""

NAME_MIDDLE = Comparison(
    "name_middle",
    ("name_middle",),
    (
        Level(
            "unknown",
            f"middle_initial_l is null or middle_initial_r is null or coalesce({MIDDLE_CALLED}, false)",
            is_null=True,
        ),
        # What middle names that agree say is in `name`, which has all words.
        Level("same_initial", equal("middle_initial"), fixed=True),
        # John A. and John R. Smith: people of one name who seldom share more by chance than a home.
        Level("different", fixed=True),
    ),
)

BIRTH_DATE = Comparison(
    "birth_date",
    ("birth_date",),
    (
        unknown_without("birth_date"),
        # The first of January stands for a year of which no more is known: `birth_day` is null then.
        Level("same", equal("birth_day"), tf="birth_date", tf_weight=0.5),
        Level(
            "one_slip",
            "case when ph_hamming(birth_day_l, birth_day_r) <= 2 then ph_within(1, birth_day_l, birth_day_r) end",
        ),
        Level(
            "day_and_month_swapped",
            "birth_year_l = birth_year_r and birth_day_l is not null and birth_day_month_l = birth_month_day_r",
        ),
        Level("same_year_only", f"{equal('birth_year')} and (birth_day_l is null or birth_day_r is null)"),
        Level("within_month", "abs(birth_number_l - birth_number_r) <= 31 and birth_day_l <> birth_day_r"),
        Level("two_slips", "ph_hamming(birth_day_l, birth_day_r) <= 2"),
        Level("same_month_day", f"{equal('birth_month_day')} and birth_day_l is not null"),
        Level("same_year", equal("birth_year")),
        Level("within_year", "abs(birth_number_l - birth_number_r) <= 366"),
        Level("year_slip", "ph_hamming(birth_date_l, birth_date_r) <= 1"),
        Level("ten_years", "abs(birth_year_l - birth_year_r) <= 10"),
        # Father and son of one name: they share the home, too.
        Level("other_generation_same_household", SAME_HOUSEHOLD, fixed=True),
        Level("different"),
    ),
)

PHONES = Comparison(
    "phone",
    ("phones",),
    (
        unknown_without("phones"),
        Level("same_rare", shares("rare_phones")),
        Level("same_common", shares("phones"), fixed=True),
        Level("one_slip", "ph_hamming(first_phone_l, first_phone_r) <= 1"),
        Level("different"),
    ),
)

EMAILS = Comparison(
    "email",
    ("emails",),
    (
        unknown_without("emails"),
        Level("same_rare", shares("rare_emails")),
        Level("same_common", shares("emails"), fixed=True),
        Level(
            "similar",
            "ph_alike(first_email_l, first_email_r, 0.96)"
            " or case when ph_close_letters(email_letters_l, email_letters_r)"
            " then ph_within(2, first_email_l, first_email_r) end",
        ),
        Level("same_mailbox", "email_mailbox_l = email_mailbox_r and length(email_mailbox_l) >= 6"),
        Level("alike", "ph_alike(first_email_l, first_email_r, 0.88)"),
        Level("different"),
    ),
)

_SAME_IDENTIFIERS = (
    Level(
        "unknown",
        "not coalesce(ph_any_shared(id_schemes_l, id_schemes_r), false)"
        " and not coalesce(ph_any_shared(all_ids_l, all_ids_r), false)",
        is_null=True,
    ),
    Level("same_rare", shares("rare_ids")),
    Level("same_common", f"coalesce({shares('ids')}, false)", fixed=True),
    Level("same_invalid", shares("all_ids")),
    Level("one_slip", "ph_hamming(first_id_l, first_id_r) <= 1"),
)
PERSON_IDENTIFIERS = Comparison("identifier", ("ids", "weak_ids"), (*_SAME_IDENTIFIERS, Level("different")))
# Parents and subsidiaries agree in all else: data without labels would teach that other identifiers say little.
ORGANIZATION_IDENTIFIERS = Comparison(
    "identifier", ("ids", "weak_ids"), (*_SAME_IDENTIFIERS, Level("different", fixed=True))
)

OTHER_BRANCH = (
    f"greatest(chain_count_l, chain_count_r) > {COMMON_NAME} and (house_number_l <> house_number_r or"
    " not ph_alike(street_l, street_r, 0.8)) and not coalesce(ph_any_shared(addresses_l, addresses_r)"
    " or ph_any_shared(phones_l, phones_r) or ph_any_shared(rare_ids_l, rare_ids_r), false)"
    f" and (name_chain_l = name_chain_r or {overlaps(0.6)})"
)

OTHER_IDENTIFIERS = (
    "coalesce(ph_any_shared(id_schemes_l, id_schemes_r) and not ph_any_shared(all_ids_l, all_ids_r), false)"
)
OTHER_UNIT = (
    "case when (name_branch_l <> name_branch_r or (name_service_l <> name_service_r"
    f" and ({OTHER_IDENTIFIERS} or coalesce(legal_form_l <> legal_form_r, false))))"
    f" and (name_core_l = name_core_r or {overlaps(0.6)} and ph_within(2, name_core_l, name_core_r))"
    # "logistics" is no unit where the other one only wrote "lgistics"
    " then not ph_within(1, name_full_l, name_full_r) end"
)

ORGANIZATION_NAME = Comparison(
    "name",
    ("name_tokens",),
    (
        unknown_without("tokens"),
        # "Fund II" is not "Fund III": siblings share address, phone, web site and words.
        Level("sibling_number", f"name_numbers_l <> name_numbers_r and {overlaps(0.5)}", fixed=True),
        Level("other_number", "name_numbers_l <> name_numbers_r"),
        # Branches of a chain share its name, web site and number of the head office, but not the house.
        Level("other_branch", OTHER_BRANCH, fixed=True),
        Level("same_name", equal("name_full"), tf="name_full", tf_weight=0.7),
        Level("same_other_name", shares("name_hashes")),
        Level("same_letters", equal("name_compact")),
        # "Acme Leasing" is not "Acme", nor is "Acme West" "Acme East".
        Level("sibling_branch", OTHER_UNIT, fixed=True),
        Level(
            "number_missing",
            f"(name_numbers_l is null) <> (name_numbers_r is null) and {overlaps(0.45)}",
        ),
        Level("words_90", overlaps(0.9)),
        Level(
            "slips",
            "name_numbers_l is not distinct from name_numbers_r"
            " and (ph_alike(name_full_l, name_full_r, 0.95) or"
            " (ph_close_length(name_compact_l, name_compact_r)"
            " and ph_alike(name_compact_l, name_compact_r, 0.96)))",
        ),
        Level("words_75", overlaps(0.75)),
        Level(
            "acronym",
            "length(name_acronym_l) >= 3 and name_acronym_l = name_compact_r"
            " or length(name_acronym_r) >= 3 and name_acronym_r = name_compact_l",
        ),
        Level("words_60", overlaps(0.6)),
        Level("similar", "ph_alike(name_full_l, name_full_r, 0.92)"),
        Level("words_45", overlaps(0.45)),
        Level("rare_shared", "ph_any_shared(rare_tokens_l, rare_tokens_r)"),
        Level("words_25", overlaps(0.25)),
        Level("some_shared", "ph_any_shared(tokens_l, tokens_r)"),
        Level("different"),
    ),
)

LEGAL_FORM = Comparison(
    "legal_form",
    ("legal_form",),
    (unknown_without("legal_form"), Level("same", equal("legal_form")), Level("different")),
)

WEBSITES = Comparison(
    "website",
    ("websites",),
    (
        unknown_without("websites"),
        Level("same_rare", shares("rare_websites")),
        Level("same_common", shares("websites"), fixed=True),
        Level("different"),
    ),
)

COUNTRY = Comparison(
    "country",
    ("country",),
    (unknown_without("country"), Level("same", equal("country")), Level("different")),
)

_BY_KIND: dict[Kind, tuple[Comparison, ...]] = {
    "person": (
        PERSON_NAME,
        NAME_MIDDLE,
        NAME_SUFFIX,
        BIRTH_DATE,
        ADDRESS,
        PHONES,
        EMAILS,
        PERSON_IDENTIFIERS,
    ),
    "organization": (
        ORGANIZATION_NAME,
        LEGAL_FORM,
        ADDRESS,
        PHONES,
        EMAILS,
        ORGANIZATION_IDENTIFIERS,
        WEBSITES,
        COUNTRY,
    ),
}


def comparisons_of(kind: Kind) -> tuple[Comparison, ...]:
    """Return all comparisons that the hub knows for a kind; a model uses those with evidence in the data."""
    return _BY_KIND[kind]
