"""The feature table of a batch: what the ladders compare, derived from records and the frozen model.

Grain: one row per record of the model's kind. Guarantees: a row depends on its record and on what the model has
counted, not on its weights.
Lists hold 64-bit hashes, which compare faster than texts; an empty list is null, so that "unknown" is one test.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from partyhub_dagster.matching.comparisons import comparisons_of
from partyhub_dagster.matching.frequencies import CHAIN_NAME
from partyhub_dagster.matching.levels import tf_column
from partyhub_dagster.matching.model import Kind, MatchModel

MACROS = """
create or replace temp macro ph_key_hash(key) as (md5_number(key) >> 64)::ubigint;
create or replace temp macro ph_hashes(held) as
    case when len(held) > 0 then list_transform(held, lambda x: hash(x)) end;
create or replace temp macro ph_shared(a, b) as len(list_filter(a, lambda x: list_contains(b, x)));
create or replace temp macro ph_any_shared(a, b) as ph_shared(a, b) > 0;
create or replace temp macro ph_hamming(a, b) as case when length(a) = length(b) then hamming(a, b) end;
create or replace temp macro ph_alike(a, b, least) as jaro_winkler_similarity(a, b, least - 0.001) >= least;
create or replace temp macro ph_within(slips, a, b) as
    case when abs(length(a) - length(b)) > slips then false when levenshtein(a, b) > 2 * slips then false
    else damerau_levenshtein(a, b) <= slips end;
create or replace temp macro ph_similar_given(a, b, root_a, root_b) as
    root_a = root_b or ph_alike(a, b, 0.88)
    or (least(length(a), length(b)) >= 3 and (contains(a, b) or contains(b, a)))
    or (least(length(a), length(b)) >= 4 and ph_within(1, a, b));
create or replace temp macro ph_words_of(name) as list_sort(list_distinct(string_split(name, ' ')));
create or replace temp macro ph_words_among(name, words) as
    array_to_string(list_filter(ph_words_of(name), lambda x: list_contains(words, x)), ' ');
create or replace temp macro ph_words_beside(name, words) as
    array_to_string(list_filter(ph_words_of(name), lambda x: not list_contains(words, x)), ' ');
create or replace temp macro ph_close_length(a, b) as abs(length(a) - length(b)) <= 2;
create or replace temp macro ph_letters(value) as list_bit_or(list_transform(string_split(value, ''),
    lambda x: 1::bigint << ((unicode(x) & 31) + case when x >= '_' then 31 else 0 end)));
create or replace temp macro ph_close_letters(a, b) as bit_count(a & ~b) <= 2 and bit_count(b & ~a) <= 2;
create or replace temp macro ph_rarest_shared(a, b) as
    list_max(list_transform(list_filter(a, lambda x: list_contains(b, x)), lambda x: x & 255));
create or replace temp macro ph_overlap_at(a, b, sum_a, sum_b, share) as
    case when 2 * least(sum_a, sum_b) < share * (sum_a + sum_b) then false
    else 2 * list_sum(list_transform(list_filter(a, lambda x: list_contains(b, x)), lambda x: x & 255))
        >= share * (sum_a + sum_b) end;
"""
"""Hashes of keys are stored, so they must never change; those of features live no longer than the table.

`ph_alike` and `ph_within` give up early on texts far apart: below the bound by what DuckDB may round away."""


BRANCH_WORDS = tuple(
    "leasing logistics treasury finance financial insurance assurance distribution trading ventures capital holding"
    " holdings properties realty europe asia africa america americas pacific emea apac latam international global"
    " overseas domestic north south east west northern southern eastern western central northeast northwest southeast"
    " southwest midwest regional subsidiary branch division foundation pension retail wholesale manufacturing"
    " technologies research export import shipping investments real estate".split()
)
"""Words that tell a unit of a company, or a place, from its parent when all other words agree."""

SERVICE_WORDS = ("service", "services", "solutions", "group")
"""Words that one list leaves out and another writes: they tell a unit only where identifiers do, too."""

ROLE_MAILBOXES = tuple(
    "abuse accounting accounts admin administration administrator billing booking bookings careers compliance contact"
    " contacts customercare customerservice desk email enquiries enquiry feedback finance frontdesk general group hello"
    " help helpdesk hr info information inquiries inquiry invoice invoices jobs legal mail mailbox management manager"
    " marketing media office orders owner post postmaster press privacy procurement purchasing reception reservations"
    " sales secretary security service services shop staff store support team webmaster".split()
)
"""Names of mailboxes that many people read (RFC 2142 and common use): of a person they say where one works, no more."""

_NEEDED = """
    record_id, name_full, name_given, name_middle, name_family, name_suffix, name_root, name_tokens, names, legal_form,
    name_numbers, name_acronym, birth_date, address_full, addresses, street, house_number, unit, city, region,
    postcode, country, phones, emails, websites, ids, weak_ids
"""

_COMMON = """
    nullif(name_full, '') as name_full,
    ph_hashes(addresses) as addresses, address_full, street, house_number, unit, postcode, city, region,
    case when length(postcode) > 4 then left(postcode, -2) end as postcode_sector,
    case when length(postcode) > 4 then left(postcode, -3) end as postcode_district,
    phones[1] as first_phone, ph_hashes(phones) as phones,
    emails[1] as first_email, split_part(emails[1], '@', 1) as email_mailbox, ph_letters(emails[1]) as email_letters,
    ph_hashes(emails) as emails,
    ids[1] as first_id, ph_hashes(ids) as ids,
    ph_hashes(list_distinct(list_transform(ids, lambda x: split_part(x, ':', 1)))) as id_schemes,
    ph_hashes(list_concat(ids, weak_ids)) as all_ids
"""

_PERSON = """
    case when len(name_tokens) > 0 then array_to_string(name_tokens, ' ') end as name_key,
    len(name_tokens) as token_count,
    name_given || ' ' || name_family as name_pair,
    name_given, name_family, coalesce(name_root, name_given) as name_root, left(name_given, 1) as given_initial,
    left(name_middle, 1) as middle_initial,
    case when name_given is not null then hash(name_given) end as given_hash,
    ph_hashes(list_filter(emails, lambda x: not list_contains($role_mailboxes, split_part(x, '@', 1)))) as own_emails,
    name_suffix,
    strftime(birth_date, '%Y%m%d') as birth_date,
    case when strftime(birth_date, '%m%d') <> '0101' then strftime(birth_date, '%Y%m%d') end as birth_day,
    birth_date - date '1000-01-01' as birth_number, year(birth_date) as birth_year,
    strftime(birth_date, '%m%d') as birth_month_day, strftime(birth_date, '%d%m') as birth_day_month
"""

_ORGANIZATION = f"""
    ph_hashes(names) as name_hashes, replace(name_full, ' ', '') as name_compact,
    array_to_string(ph_words_of(name_numbers), ' ') as name_numbers, name_acronym,
    ph_words_among(name_full, $branch_words) as name_branch, ph_words_among(name_full, $service_words) as name_service,
    nullif(ph_words_beside(name_full, list_concat($branch_words, $service_words)), '') as name_core,
    {CHAIN_NAME} as name_chain, legal_form, country, ph_hashes(websites) as websites
"""

_COUNTED_LISTS = {"phones": "phone", "emails": "email", "ids": "id", "websites": "website"}


def create_features(con: duckdb.DuckDBPyConnection, model: MatchModel, records: str, out: str) -> None:
    """Create the temp table `out` of the features of `records`, with `rid`: the dense rank of the record_id.

    `rid` orders as record_id does, so the smaller of two records is the same one either way.
    """
    con.execute(MACROS)
    con.register("ph_frequencies", model.frequency_table)
    try:
        own = _PERSON if model.kind == "person" else _ORGANIZATION
        con.execute(
            "create or replace temp table ph_records as"
            f" select rid, {_NEEDED} from {records} join {ranked(records, model.kind)} using (record_id)"
        )
        joins = [_tokens_join(con, model), *(_rare_join(con, model, column) for column in _lists_of(model))]
        tf_joins, tf_columns = _frequency_joins(model)
        con.execute(
            f"create or replace temp table {out} as select base.*, {', '.join(name for name, _ in joins)}"
            f"{''.join(tf_columns)} from (select rid, record_id, {own}, {_COMMON} from ph_records) as base"
            f" {' '.join(join for _, join in joins)} {' '.join(tf_joins)}",
            {"branch_words": list(BRANCH_WORDS), "service_words": list(SERVICE_WORDS)}
            if model.kind == "organization"
            else {"role_mailboxes": list(ROLE_MAILBOXES)},
        )
    finally:
        con.unregister("ph_frequencies")
        for table in ("ph_records", "ph_tokens", *(f"ph_common_{c}" for c in _COUNTED_LISTS)):
            con.execute(f"drop table if exists {table}")


def ranked(records: str, kind: Kind) -> str:
    """Return a subquery (record_id, rid) of the records of a kind; to rank ids alone is cheaper than whole records."""
    of_kind = f"(select record_id from {records} where kind = '{kind}')"
    return f"(select record_id, (row_number() over (order by record_id) - 1)::integer as rid from {of_kind})"


def _lists_of(model: MatchModel) -> list[str]:
    return [column for column in _COUNTED_LISTS if column != "websites" or model.kind == "organization"]


def _tokens_join(con: duckdb.DuckDBPyConnection, model: MatchModel) -> tuple[str, str]:
    """Token hashes of each record: all, the rare ones, and with their weight in the last eight bits."""
    held = model.artefact["frequencies"].get("token", {})
    total, rare = max(held.get("total", 0), 1000), held.get("rare", 1)
    con.execute(
        "create temp table ph_tokens as"
        " with exploded as (select rid, unnest(name_tokens) as token from ph_records),"
        " counted as (select rid, hash(token) as hashed, coalesce(seen.count, 1) as count"
        "  from exploded left join ph_frequencies as seen on seen.field = 'token' and seen.value = token),"
        " weighed as (select rid, hashed, count,"
        "  greatest(1, least(255, round(10 * log2($total / count))))::ubigint as weight from counted)"
        " select rid, list(hashed) as tokens, list(hashed) filter (count <= $rare) as rare_tokens,"
        "  list((hashed >> 8 << 8) | weight) as words, sum(weight)::integer as word_sum"
        " from weighed group by rid",
        {"total": total, "rare": rare},
    )
    return "tokens, rare_tokens, words, word_sum", "left join ph_tokens on ph_tokens.rid = base.rid"


def _rare_join(con: duckdb.DuckDBPyConnection, model: MatchModel, column: str) -> tuple[str, str]:
    """The values of a list that few records hold: a switchboard or a shared mailbox is not among them."""
    field, own = _COUNTED_LISTS[column], f"base.{column}"
    if model.kind == "person" and column == "emails":
        own = "base.own_emails"
    held = model.artefact["frequencies"].get(field, {"rare": 1, "counts": {}})
    if max(held["counts"].values(), default=0) <= held["rare"]:
        return f"{own} as rare_{column}", ""
    con.execute(
        f"create temp table ph_common_{column} as"
        f" with exploded as (select rid, unnest({column}) as value from ph_records)"
        " select rid, list(hash(exploded.value)) as common from exploded"
        f" join ph_frequencies as seen on seen.field = '{field}' and seen.value = exploded.value"
        " where seen.count > $rare group by rid",
        {"rare": held["rare"]},
    )
    table = f"ph_common_{column}"
    rare = f"list_filter({own}, lambda x: not list_contains({table}.common, x))"
    return (
        f"case when {table}.rid is null then {own} when len({rare}) > 0 then {rare} end as rare_{column}",
        f"left join {table} on {table}.rid = base.rid",
    )


def _frequency_joins(model: MatchModel) -> tuple[list[str], list[str]]:
    """Joins and columns that say of a record's values in how many records they are."""
    fields = [field for field, _, _ in _weighed_levels(model) if field in model.artefact["frequencies"]]
    columns = [
        f", case when base.{field} is not null then coalesce(f_{field}.count, 1) end as {field}_count"
        for field in dict.fromkeys(fields)
    ]
    if model.kind == "organization":
        fields.append("name_chain")
        columns.append(", coalesce(f_name_chain.count, 1) as chain_count")
    return [_seen(field) for field in dict.fromkeys(fields)], columns


def pairs_with_features(con: duckdb.DuckDBPyConnection, pairs: str, features: str, read_by: str) -> str:
    """Return the query of `pairs` (join_key_l, join_key_r, ...) with the features of either record that SQL reads."""
    read = set(re.findall(r"\b\w+_[lr]\b", read_by))
    names = [row[0] for row in con.execute(f"describe {features}").fetchall()]
    columns = [
        f"{side}.{name} as {name}_{side}" for name in names for side in "lr" if f"{name}_{side}" in read
    ]
    return (
        f"select {', '.join([f'{pairs}.*', *columns])} from {pairs}"
        f" join {features} as l on l.rid = join_key_l join {features} as r on r.rid = join_key_r"
    )


@contextmanager
def weighed_features(con: duckdb.DuckDBPyConnection, model: MatchModel, features: str) -> Iterator[str]:
    """Yield the name of a view of features with the frequencies that shift the weights of levels.

    They are scaled so that Splink's u / frequency is average / frequency.
    """
    columns = []
    for field, name, u in _weighed_levels(model):
        held = model.artefact["frequencies"].get(field)
        of_record = "null" if held is None else f"{field}_count * {u / (held['total'] * held['agree'])!r}"
        columns.append(f", ({of_record})::double as tf_{name}")
    view = f"{features}_weighed"
    con.execute(f"create or replace temp view {view} as select *{''.join(columns)} from {features}")
    try:
        yield view
    finally:
        con.execute(f"drop view {view}")


def _weighed_levels(model: MatchModel) -> Iterator[tuple[str, str, float]]:
    """Yield the levels whose weight the frequency of a value shifts: its field, a name for its column, and u."""
    for comparison in comparisons_of(model.kind):
        weights = model.artefact["comparisons"].get(comparison.name)
        for level in comparison.levels if weights else ():
            if level.tf is not None:
                yield level.tf, tf_column(comparison, level), weights[level.name][1]


def _seen(field: str) -> str:
    return f"left join ph_frequencies as f_{field} on f_{field}.field = '{field}' and f_{field}.value = base.{field}"
