"""The pairs that an audit draws from, in strata: what is in one party, what was kept apart, what nobody compared.

Pairs in one party and pairs scored but kept apart are known one by one, and are split by weight. The others, all that
blocking left out or `keep` forgot, are too many to list and nearly all no match. Of these the frame holds the ten per
record that are most alike by a cheap measure that knows no blocking rule: the cosine of TF-IDF weighted traits (pieces
of three letters of names and addresses, parts of the date of birth, whole phones, e-mails and identifiers). They are
split by rank into strata that grow, so that an equal number of labels looks closest where matches are likeliest: that
is importance sampling by steps. Pairs further down are taken for no matches.

In a large hub the measure is taken from a random sample of records to all others, so the sizes of these strata are
estimates; each pair can be met from either end.
"""

from dataclasses import dataclass

import duckdb

from partyhub_dagster.matching.model import Kind

ANCHORS = 5_000
"""Records from which likeness is measured; a smaller kind is measured whole."""
_RANKS = (0.1, 0.5, 2.0, 10.0)
"""Where the strata of pairs never scored end, in pairs per record."""
_COMMON = 0.02
"""A trait that more than this share of the records has tells nothing, and costs most."""


@dataclass(frozen=True, slots=True)
class Band:
    """A stratum: what its pairs have in common, and how likely a match is thought to be, to share out labels."""

    name: str
    group: str  # `joined`: in one party; `apart`: scored, in two parties; `unseen`: never scored
    likely: float


BANDS = (
    Band("below 0 bits", "joined", 0.5),
    Band("0 to 5 bits", "joined", 0.8),
    Band("5 to 10 bits", "joined", 0.95),
    Band("10 to 20 bits", "joined", 0.99),
    Band("20 bits and more", "joined", 0.998),
    Band("joined by others", "joined", 0.8),
    Band("near miss of 5 bits and more", "apart", 0.5),
    Band("near miss of 0 to 5 bits", "apart", 0.3),
    Band("near miss of -4 to 0 bits", "apart", 0.1),
    Band("near miss below -4 bits", "apart", 0.02),
    Band("never scored, most alike", "unseen", 0.05),
    Band("never scored, quite alike", "unseen", 0.01),
    Band("never scored, somewhat alike", "unseen", 0.002),
    Band("never scored, hardly alike", "unseen", 0.0005),
)
"""Strata of each kind, by their place here."""


def create_frame(con: duckdb.DuckDBPyConnection, kind: Kind, seed: int) -> None:
    """Create temp table `audit_frame` (one, other, band, counts): the pairs of a kind, `one` < `other`.

    `counts` is how many pairs a row stands for: 1, or more where likeness was measured from a sample.
    """
    con.execute(
        "create or replace temp table audit_records as select n.record_id, n.source, c.party_id"
        " from normalized_parties as n join party_clusters as c using (record_id) where n.kind = $kind",
        {"kind": kind},
    )
    con.execute(
        """
        create or replace temp table audit_known as
        with edges as (
            select record_id as one, other_id as other, weight from match_edges
            where kind = $kind and record_id < other_id
        ),
        fellows as (
            select a.record_id as one, b.record_id as other from audit_records as a
            join audit_records as b on a.party_id = b.party_id and a.record_id < b.record_id
        )
        select one, other, case when weight is null then 5 when weight < 0 then 0 when weight < 5000 then 1
            when weight < 10000 then 2 when weight < 20000 then 3 else 4 end as band
        from fellows left join edges using (one, other)
        union all
        select one, other, case when weight >= 5000 then 6 when weight >= 0 then 7 when weight >= -4000 then 8
            else 9 end
        from edges anti join fellows using (one, other)
        """,
        {"kind": kind},
    )
    _measure_likeness(con, seed)
    con.execute(
        "create or replace temp table audit_frame as select one, other, band, 1.0 as counts from audit_known"
        " union all select one, other, band, counts from audit_unseen"
    )
    con.execute("drop table audit_known; drop table audit_unseen")


_TRAITS = """
    create or replace temp table audit_traits as
    with held as (
        select n.* from normalized_parties as n semi join audit_records using (record_id)
    ),
    texts as (
        select record_id, 'n' as what, ' ' || unnest(names) || ' ' as said from held
        union all select record_id, 'a', ' ' || unnest(addresses) || ' ' from held
    ),
    traits as (
        select record_id, what || substr(said, place, 3) as trait
        from (select record_id, what, said, unnest(range(1, length(said) - 1)) as place from texts)
        union select record_id, 'y' || year(birth_date) from held where birth_date is not null
        union select record_id, 'd' || strftime(birth_date, '%m%d') from held where birth_date is not null
        union select record_id, 'p' || unnest(phones) from held
        union select record_id, 'e' || unnest(emails) from held
        union select record_id, 'i' || unnest(list_concat(ids, weak_ids)) from held
    ),
    spread as (
        select trait, count(*) as n from traits group by trait
        having n > 1 and n <= greatest(50, $common * (select count(*) from audit_records))
    ),
    weighed as (
        select record_id, trait, ln(1 + (select count(*) from audit_records) / n)::float as weight
        from traits join spread using (trait)
    )
    select record_id, hash(trait) as trait,
        (weight / sqrt(sum(weight * weight) over (partition by record_id)))::float as weight
    from weighed
"""


def _measure_likeness(con: duckdb.DuckDBPyConnection, seed: int) -> None:
    """Create temp table `audit_unseen` (one, other, band, counts) of the pairs never scored that are most alike."""
    con.execute(_TRAITS, {"common": _COMMON})
    con.execute(
        "create or replace temp table audit_anchors as select record_id from audit_records"
        " order by md5(concat_ws(':', $seed, 'anchor', record_id)), record_id limit $n",
        {"seed": str(seed), "n": ANCHORS},
    )
    con.execute(
        """
        create or replace temp table audit_unseen as
        with sizes as (
            select (select count(*) from audit_records) as records, (select count(*) from audit_anchors) as anchors
        ),
        met as (
            select a.record_id as l, b.record_id as r, sum(a.weight * b.weight) as likeness
            from audit_traits as a semi join audit_anchors using (record_id)
            join audit_traits as b on a.trait = b.trait and a.record_id <> b.record_id
            group by all
        ),
        pairs as (
            select least(l, r) as one, greatest(l, r) as other, max(likeness) as likeness, count(*) as times
            from met group by all
        ),
        unseen as (
            select one, other, round(likeness, 6) as likeness, times,
                times * records / (2.0 * anchors) as counts, records
            from pairs anti join audit_known using (one, other), sizes
        ),
        ranked as (
            select *, (sum(counts) over (order by likeness desc, one, other)) / records as rank from unseen
        )
        select one, other, counts,
            case when rank <= $first then 10 when rank <= $second then 11 when rank <= $third then 12 else 13 end
                as band
        from ranked where rank <= $last
        """,
        dict(zip(("first", "second", "third", "last"), _RANKS, strict=True)),
    )
    con.execute("drop table audit_traits; drop table audit_anchors")
