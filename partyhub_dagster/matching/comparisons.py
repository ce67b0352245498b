"""The comparisons of each kind of party, by meaning; the ladders are ordered from the strongest agreement down."""

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
    " or list_has_any(phones_l, phones_r), false)"
)


def _null(*columns: str) -> Level:
    missing = " or ".join(f"{column}_l is null or {column}_r is null" for column in columns)
    return Level("unknown", missing, is_null=True)


def _equal(column: str) -> str:
    return f"{column}_l = {column}_r"


def _overlaps(share: float) -> str:
    """Tell whether the names share so much of their words, rare ones counting more."""
    return f"ph_overlap_at(words_l, words_r, word_sum_l, word_sum_r, {share})"


def _shares(column: str) -> str:
    return f"list_has_any({column}_l, {column}_r)"


PERSON_NAME = Comparison(
    "name",
    ("name_tokens",),
    (
        _null("tokens"),
        Level("same_tokens", f"{_equal('name_key')} and token_count_l >= 3"),
        Level("same_pair", _equal("name_pair"), tf="name_pair", tf_weight=0.7),
        Level("three_shared", "ph_shared(tokens_l, tokens_r) >= 3"),
        Level(
            "family_and_similar",
            f"{_equal('name_family')} and {SIMILAR_GIVEN}",
            tf="name_family",
            tf_weight=0.7,
        ),
        Level("swapped", "name_given_l = name_family_r and name_family_l = name_given_r"),
        # Twins, spouses, parents: what they share at home is no evidence that they are one person.
        Level("other_given_same_household", f"{OTHER_GIVEN} and {SAME_HOUSEHOLD}", fixed=True),
        Level("other_given", OTHER_GIVEN),
        Level(
            "two_shared_rare",
            "ph_shared(tokens_l, tokens_r) >= 2 and list_has_any(rare_tokens_l, rare_tokens_r)",
        ),
        Level(
            "both_similar",
            "jaro_winkler_similarity(name_family_l, name_family_r) >= 0.9"
            " and (name_root_l = name_root_r or jaro_winkler_similarity(name_given_l, name_given_r) >= 0.9)",
        ),
        Level("two_shared", "ph_shared(tokens_l, tokens_r) >= 2"),
        Level(
            "family_and_initial",
            f"{_equal('name_family')} and {_equal('given_initial')} and not {BOTH_GIVEN}",
            tf="name_family",
            tf_weight=0.7,
        ),
        Level("family", _equal("name_family"), tf="name_family", tf_weight=0.7),
        Level(
            "given_alone",
            f"{_equal('name_given')} and (name_family_l is null or name_family_r is null)",
            tf="name_given",
            tf_weight=0.7,
        ),
        Level("rare_shared", "list_has_any(rare_tokens_l, rare_tokens_r)"),
        Level("uncommon_shared", "ph_rarest_shared(words_l, words_r) >= 70"),
        Level("similar_family", "jaro_winkler_similarity(name_family_l, name_family_r) >= 0.92"),
        Level("given", _equal("name_given"), tf="name_given", tf_weight=0.7),
        Level("some_shared", f"{_equal('name_root')} or list_has_any(tokens_l, tokens_r)"),
        Level("initial", _equal("given_initial")),
        Level("different"),
    ),
)

COMMON_NAME = 10
"""A name that more records have is the name of a chain."""

NAME_SUFFIX = Comparison(
    "name_suffix",
    ("name_suffix",),
    (
        _null("name_suffix"),
        Level("same", _equal("name_suffix")),
        Level("different", fixed=True),
    ),
)

BIRTH_DATE = Comparison(
    "birth_date",
    ("birth_date",),
    (
        _null("birth_date"),
        # The first of January stands for a year of which no more is known: `birth_day` is null then.
        Level("same", _equal("birth_day"), tf="birth_date", tf_weight=0.5),
        Level(
            "one_slip",
            "ph_hamming(birth_day_l, birth_day_r) <= 2 and damerau_levenshtein(birth_day_l, birth_day_r) <= 1",
        ),
        Level(
            "day_and_month_swapped",
            "birth_year_l = birth_year_r and birth_day_l is not null and birth_day_month_l = birth_month_day_r",
        ),
        Level("same_year_only", f"{_equal('birth_year')} and (birth_day_l is null or birth_day_r is null)"),
        Level("within_month", "abs(birth_number_l - birth_number_r) <= 31 and birth_day_l <> birth_day_r"),
        Level("two_slips", "ph_hamming(birth_day_l, birth_day_r) <= 2"),
        Level("same_month_day", f"{_equal('birth_month_day')} and birth_day_l is not null"),
        Level("same_year", _equal("birth_year")),
        Level("within_year", "abs(birth_number_l - birth_number_r) <= 366"),
        Level("year_slip", "ph_hamming(birth_date_l, birth_date_r) <= 1"),
        Level("ten_years", "abs(birth_year_l - birth_year_r) <= 10"),
        # Father and son of one name: they share the home, too.
        Level("other_generation_same_household", SAME_HOUSEHOLD, fixed=True),
        Level("different"),
    ),
)

SAME_PLACE = "(postcode_l = postcode_r or city_l = city_r)"
POSTCODE_SLIP = (
    "(ph_close_length(postcode_l, postcode_r) and length(postcode_l) > 3"
    " and damerau_levenshtein(postcode_l, postcode_r) <= 1)"
)
SIMILAR_CITY = (
    "(jaro_winkler_similarity(city_l, city_r) >= 0.88 or (least(length(city_l), length(city_r)) >= 4"
    " and (contains(city_l, city_r) or contains(city_r, city_l))))"
)
NO_OTHER_PLACE = "coalesce(postcode_l = postcode_r or city_l = city_r, true)"
PLACE_ONLY = "(street_l is null or street_r is null)"
"""Of one of the two no street is known: then postcode and city are the evidence, not what is left of it."""

ADDRESS = Comparison(
    "address",
    ("address_full",),
    (
        Level(
            "unknown",
            "address_full_l is null or address_full_r is null"
            " or coalesce(street_l = street_r, postcode_l = postcode_r, city_l = city_r, region_l = region_r) is null",
            is_null=True,
        ),
        Level("same", f"{_shares('addresses')} and coalesce(street_l, postcode_l) is not null"),
        Level(
            "other_unit",
            f"{_equal('street')} and {_equal('house_number')} and unit_l <> unit_r and {NO_OTHER_PLACE}",
        ),
        Level("same_house", f"{_equal('street')} and {_equal('house_number')} and {NO_OTHER_PLACE}"),
        Level(
            "similar_street_and_house",
            f"{_equal('house_number')} and jaro_winkler_similarity(street_l, street_r) >= 0.9 and {NO_OTHER_PLACE}",
        ),
        Level("house_and_postcode", f"{_equal('house_number')} and {_equal('postcode')}"),
        Level(
            "similar",
            f"not {PLACE_ONLY} and jaro_winkler_similarity(address_full_l, address_full_r) >= 0.96",
        ),
        Level("same_street", f"{_equal('street')} and {SAME_PLACE}"),
        Level("place_same", f"{PLACE_ONLY} and {_equal('postcode')} and {_equal('city')}"),
        Level("place_postcode", f"{PLACE_ONLY} and {_equal('postcode')}", tf="postcode", tf_weight=0.5),
        Level("place_postcode_slip", f"{PLACE_ONLY} and {POSTCODE_SLIP}"),
        Level("place_sector_and_city", f"{PLACE_ONLY} and {_equal('postcode_sector')} and {SIMILAR_CITY}"),
        Level(
            "place_city",
            f"{PLACE_ONLY} and {_equal('city')} and (postcode_l is null or postcode_r is null)",
            tf="city",
            tf_weight=0.5,
        ),
        Level("place_sector", f"{PLACE_ONLY} and {_equal('postcode_sector')}"),
        Level(
            "place_similar_city",
            f"{PLACE_ONLY} and {SIMILAR_CITY} and (postcode_l is null or postcode_r is null)",
        ),
        Level("place_district", f"{PLACE_ONLY} and {_equal('postcode_district')}"),
        Level("same_postcode", _equal("postcode"), tf="postcode", tf_weight=0.5),
        Level("same_city", _equal("city"), tf="city", tf_weight=0.5),
        Level("same_region", _equal("region")),
        Level("different"),
    ),
)

PHONES = Comparison(
    "phone",
    ("phones",),
    (
        _null("phones"),
        Level("same_rare", _shares("rare_phones")),
        Level("same_common", _shares("phones"), fixed=True),
        Level("one_slip", "ph_hamming(first_phone_l, first_phone_r) <= 1"),
        Level("different"),
    ),
)

EMAILS = Comparison(
    "email",
    ("emails",),
    (
        _null("emails"),
        Level("same_rare", _shares("rare_emails")),
        Level("same_common", _shares("emails"), fixed=True),
        Level(
            "similar",
            "jaro_winkler_similarity(first_email_l, first_email_r) >= 0.96"
            " or (ph_close_length(first_email_l, first_email_r)"
            " and damerau_levenshtein(first_email_l, first_email_r) <= 2)",
        ),
        Level("same_mailbox", "email_mailbox_l = email_mailbox_r and length(email_mailbox_l) >= 6"),
        Level("alike", "jaro_winkler_similarity(first_email_l, first_email_r) >= 0.88"),
        Level("different"),
    ),
)

IDENTIFIERS = Comparison(
    "identifier",
    ("ids", "weak_ids"),
    (
        Level(
            "unknown",
            "not coalesce(list_has_any(id_schemes_l, id_schemes_r), false)"
            " and not coalesce(list_has_any(all_ids_l, all_ids_r), false)",
            is_null=True,
        ),
        Level("same_rare", _shares("rare_ids")),
        Level("same_common", f"coalesce({_shares('ids')}, false)", fixed=True),
        Level("same_invalid", _shares("all_ids")),
        Level("one_slip", "ph_hamming(first_id_l, first_id_r) <= 1"),
        Level("different"),
    ),
)

OTHER_BRANCH = (
    f"greatest(name_count_l, name_count_r) > {COMMON_NAME} and (house_number_l <> house_number_r or"
    " jaro_winkler_similarity(street_l, street_r) < 0.8) and not coalesce(list_has_any(addresses_l, addresses_r)"
    " or list_has_any(phones_l, phones_r) or list_has_any(rare_ids_l, rare_ids_r), false)"
)

ORGANIZATION_NAME = Comparison(
    "name",
    ("name_tokens",),
    (
        _null("tokens"),
        # "Fund II" is not "Fund III": siblings share address, phone, web site and words.
        Level("sibling_number", f"name_numbers_l <> name_numbers_r and {_overlaps(0.5)}", fixed=True),
        Level("other_number", "name_numbers_l <> name_numbers_r"),
        # Branches of a chain share its name, web site and number of the head office, but not the house.
        Level("other_branch", f"{OTHER_BRANCH} and {_overlaps(0.6)}", fixed=True),
        Level("same_name", _equal("name_full"), tf="name_full", tf_weight=0.7),
        Level("same_other_name", _shares("name_hashes")),
        Level("same_letters", _equal("name_compact")),
        # "Acme Leasing" is not "Acme", nor is "Acme West" "Acme East".
        Level("sibling_branch", f"name_branch_l <> name_branch_r and {_overlaps(0.6)}", fixed=True),
        Level(
            "number_missing",
            f"(name_numbers_l is null) <> (name_numbers_r is null) and {_overlaps(0.6)}",
        ),
        Level("words_90", _overlaps(0.9)),
        Level(
            "slips",
            "jaro_winkler_similarity(name_full_l, name_full_r) >= 0.95 or"
            " (ph_close_length(name_compact_l, name_compact_r)"
            " and jaro_winkler_similarity(name_compact_l, name_compact_r) >= 0.96)",
        ),
        Level("words_75", _overlaps(0.75)),
        Level(
            "acronym",
            "length(name_acronym_l) >= 3 and name_acronym_l = name_compact_r"
            " or length(name_acronym_r) >= 3 and name_acronym_r = name_compact_l",
        ),
        Level("words_60", _overlaps(0.6)),
        Level("similar", "jaro_winkler_similarity(name_full_l, name_full_r) >= 0.92"),
        Level("words_45", _overlaps(0.45)),
        Level("rare_shared", "list_has_any(rare_tokens_l, rare_tokens_r)"),
        Level("words_25", _overlaps(0.25)),
        Level("some_shared", "list_has_any(tokens_l, tokens_r)"),
        Level("different"),
    ),
)

LEGAL_FORM = Comparison(
    "legal_form",
    ("legal_form",),
    (_null("legal_form"), Level("same", _equal("legal_form")), Level("different")),
)

WEBSITES = Comparison(
    "website",
    ("websites",),
    (
        _null("websites"),
        Level("same_rare", _shares("rare_websites")),
        Level("same_common", _shares("websites"), fixed=True),
        Level("different"),
    ),
)

COUNTRY = Comparison(
    "country",
    ("country",),
    (_null("country"), Level("same", _equal("country")), Level("different")),
)

_BY_KIND: dict[Kind, tuple[Comparison, ...]] = {
    "person": (PERSON_NAME, NAME_SUFFIX, BIRTH_DATE, ADDRESS, PHONES, EMAILS, IDENTIFIERS),
    "organization": (ORGANIZATION_NAME, LEGAL_FORM, ADDRESS, PHONES, EMAILS, IDENTIFIERS, WEBSITES, COUNTRY),
}


def comparisons_of(kind: Kind) -> tuple[Comparison, ...]:
    """Return all comparisons that the hub knows for a kind; a model uses those with evidence in the data."""
    return _BY_KIND[kind]
