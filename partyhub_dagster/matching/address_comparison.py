"""The comparison of addresses: houses and streets where both name one, else postcode and city."""

from partyhub_dagster.matching.conditions import equal, shares
from partyhub_dagster.matching.levels import Comparison, Level

SAME_PLACE = "(postcode_l = postcode_r or city_l = city_r)"
POSTCODE_SLIP = "(length(postcode_l) > 3 and ph_within(1, postcode_l, postcode_r))"
SIMILAR_CITY = (
    "(ph_alike(city_l, city_r, 0.88) or (least(length(city_l), length(city_r)) >= 4"
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
        Level("same", f"{shares('addresses')} and coalesce(street_l, postcode_l) is not null"),
        Level(
            "other_unit",
            f"{equal('street')} and {equal('house_number')} and unit_l <> unit_r and {NO_OTHER_PLACE}",
        ),
        Level("same_house", f"{equal('street')} and {equal('house_number')} and {NO_OTHER_PLACE}"),
        Level(
            "similar_street_and_house",
            f"{equal('house_number')} and ph_alike(street_l, street_r, 0.9) and {NO_OTHER_PLACE}",
        ),
        Level("house_and_postcode", f"{equal('house_number')} and {equal('postcode')}"),
        Level(
            "similar",
            f"not {PLACE_ONLY} and ph_alike(address_full_l, address_full_r, 0.96)",
        ),
        Level("same_street", f"{equal('street')} and {SAME_PLACE}"),
        Level("place_same", f"{PLACE_ONLY} and {equal('postcode')} and {equal('city')}"),
        Level("place_postcode", f"{PLACE_ONLY} and {equal('postcode')}", tf="postcode", tf_weight=0.5),
        Level("place_postcode_slip", f"{PLACE_ONLY} and {POSTCODE_SLIP}"),
        Level("place_sector_and_city", f"{PLACE_ONLY} and {equal('postcode_sector')} and {SIMILAR_CITY}"),
        Level(
            "place_city",
            f"{PLACE_ONLY} and {equal('city')} and (postcode_l is null or postcode_r is null)",
            tf="city",
            tf_weight=0.5,
        ),
        Level("place_sector", f"{PLACE_ONLY} and {equal('postcode_sector')}"),
        Level(
            "place_similar_city",
            f"{PLACE_ONLY} and {SIMILAR_CITY} and (postcode_l is null or postcode_r is null)",
        ),
        Level("place_district", f"{PLACE_ONLY} and {equal('postcode_district')}"),
        Level("same_postcode", equal("postcode"), tf="postcode", tf_weight=0.5),
        Level("same_city", equal("city"), tf="city", tf_weight=0.5),
        Level("same_region", equal("region")),
        Level("different"),
    ),
)
