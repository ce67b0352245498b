"""Cases that broke earlier drafts of clustering, each as small as it goes."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest

from partyhub_dagster.errors import ModelError
from partyhub_dagster.identity.conflicts import Override, Refusal
from partyhub_dagster.identity.decisions import Decision
from partyhub_dagster.identity.linkage import asked_of
from partyhub_dagster.identity.margins import merge_margins
from partyhub_dagster.identity.pairs import ScoredPairs
from partyhub_dagster.identity.state import ClusterOutputs, cluster_affected
from partyhub_dagster.identity.thresholds import Thresholds
from partyhub_dagster_tests.identity_oracle import Record
from partyhub_dagster_tests.identity_world import decided, inputs_of

LIMITS = Thresholds(link=0, cut=0, miss=-4_000, cap=15_000)
LEI, VAT = 0, 1


def clustered(
    bits: Mapping[tuple[int, int], float],
    ledger: list[Decision] | None = None,
    *,
    records: dict[int, Record] | None = None,
    keys: int = 4,
    limits: Thresholds = LIMITS,
) -> ClusterOutputs:
    weights = {pair: round(1_000 * weight) for pair, weight in bits.items()}
    everyone = {key: Record(first_seen=key) for key in range(keys)} if records is None else records
    return cluster_affected(inputs_of(everyone, weights, ledger or [], limits, keys))


def holding(**values: set[int]) -> dict[int, Record]:
    """Build records 0, 1, ... of one scheme's values: holding(a={1}, b=set())."""
    return {
        key: Record(key, exclusive={LEI: frozenset(held)} if held else {})
        for key, held in enumerate(values.values())
    }


FOUR = {(0, 1): 14, (0, 2): 12, (1, 2): -4, (2, 3): 5}


def test_four_records_are_one_party_on_average() -> None:
    out = clustered(FOUR)
    assert out.cluster.tolist() == [0, 0, 0, 0]
    assert out.weakest.tolist() == [0.0] * 4  # {0, 1} with {2, 3}: 12 - 4 and two misses


def test_not_same_lets_bridging_records_fall_where_clustering_puts_them_and_says_what_refused() -> None:
    out = clustered(FOUR, [decided(1, "NOT_SAME", 0, 3)])
    assert out.cluster.tolist() == [0, 0, 2, 2]
    assert out.refusals == (Refusal(0, 2, 0.0, UUID(int=1), ()),)


def test_same_joins_records_that_share_no_pair() -> None:
    out = clustered({}, [decided(1, "SAME", 0, 3)])
    assert out.cluster.tolist() == [0, 1, 2, 0]
    assert out.component.tolist() == [0, 1, 2, 0]
    assert np.isnan(out.weakest).all()


def test_same_holds_through_a_deleted_record() -> None:
    here = {key: Record(key) for key in (0, 2, 3)}
    out = clustered({}, [decided(1, "SAME", 0, 1), decided(2, "SAME", 1, 2)], records=here)
    assert out.cluster.tolist() == [0, -1, 0, 3]


def test_a_decision_waits_for_its_record() -> None:
    ledger = [decided(1, "SAME", 0, 1)]
    alone = clustered({}, ledger, records={0: Record(0)}, keys=2)
    together = clustered({}, ledger, records={0: Record(0), 1: Record(1)}, keys=2)
    assert (alone.cluster.tolist(), together.cluster.tolist()) == ([0, -1], [0, 0])


def test_an_overruled_same_still_connects_its_component() -> None:
    out = clustered({}, [decided(1, "SAME", 0, 1), decided(2, "NOT_SAME", 0, 1)], keys=2)
    assert out.component.tolist() == [0, 0]
    assert out.cluster.tolist() == [0, 1]
    assert [o.decision_id for o in out.overruled] == [UUID(int=1)]


def test_ties_among_identical_duplicates_end_in_one_party() -> None:
    duplicates = {(a, b): 20 for b in range(6) for a in range(b)}
    assert clustered(duplicates, keys=6).cluster.tolist() == [0] * 6


def test_a_tie_goes_to_the_smallest_record_ids() -> None:
    assert clustered({(0, 1): 3, (1, 2): 3}, keys=3).cluster.tolist() == [0, 0, 2]


def test_weights_count_up_to_the_cap() -> None:
    assert clustered({(0, 1): 40, (1, 2): 4}, keys=3).cluster.tolist() == [0, 0, 0]
    assert clustered({(0, 1): 14, (0, 2): 40, (1, 2): -20}, keys=3).cluster.tolist() == [0, 1, 0]


def test_two_groups_are_asked_more_than_a_record_and_a_group() -> None:
    limits = replace(LIMITS, cut=-3_000, doubling=1_500)
    group = {(0, 1): 9, (0, 2): 9, (1, 2): 9, **{(a, 3): -2 for a in range(3)}, (0, 3): 0}
    assert clustered(group, keys=4, limits=limits).cluster.tolist() == [0] * 4
    groups = {**group, (3, 4): 9, **{(a, 4): -2 for a in range(3)}}
    assert clustered(groups, keys=5, limits=limits).cluster.tolist() == [0, 0, 0, 3, 3]
    assert clustered(groups, keys=5, limits=replace(limits, doubling=0)).cluster.tolist() == [0] * 5


def test_what_is_asked_rises_with_each_doubling_of_the_smaller_side_up_to_0_bits() -> None:
    limits = replace(LIMITS, cut=-3_000, doubling=1_000)
    asked = [limits.asked(size, 1_000) for size in (1, 2, 3, 4, 7, 8, 64)]
    assert asked == [-3_000, -2_000, -2_000, -1_000, -1_000, 0, 0]
    assert replace(limits, link=5_000, cut=2_000).asked(8, 8) == 2_000
    assert asked_of(np.array([1, 2, 3, 4, 7, 8, 64]), limits).tolist() == asked


def test_margins_are_the_means_of_all_merges_less_what_their_size_asks_beyond_the_cut() -> None:
    bits = {(0, 1): 9, (2, 3): 8, (0, 2): 2, (0, 3): 0, (1, 2): 0, (1, 3): 0, (4, 5): -2}
    left, right = np.array(list(bits)).T
    pairs = ScoredPairs(left, right, np.array([1_000 * weight for weight in bits.values()]))
    limits = replace(LIMITS, cut=-3_000, doubling=1_500)
    margins, cluster = merge_margins(pairs, limits)
    assert sorted(margins.tolist()) == [500 - 1_500, 8_000, 9_000]
    assert cluster.tolist() == [0, 0, 0, 0, 4, 5]


def test_pairs_below_link_count_inside_a_component_and_nowhere_else() -> None:
    limits = replace(LIMITS, link=3_000)
    assert clustered({(0, 1): 2}, keys=2, limits=limits).component.tolist() == [0, 1]
    assert clustered({(0, 1): 4, (1, 2): 4, (0, 2): 2}, keys=3, limits=limits).cluster.tolist() == [0, 0, 0]


def test_different_values_of_an_exclusive_identifier_refuse_a_merge() -> None:
    out = clustered({(0, 1): 12}, records=holding(a={1}, b={2}))
    assert out.cluster[:2].tolist() == [0, 1]
    assert out.refusals == (Refusal(0, 1, 12_000.0, None, (LEI,)),)


def test_one_shared_value_is_enough() -> None:
    assert clustered({(0, 1): 12}, records=holding(a={1, 2}, b={2, 3})).cluster[:2].tolist() == [0, 0]


def test_values_of_different_schemes_do_not_exclude_each_other() -> None:
    records = {0: Record(0, exclusive={LEI: frozenset({1})}), 1: Record(1, exclusive={VAT: frozenset({2})})}
    assert clustered({(0, 1): 12}, records=records).cluster[:2].tolist() == [0, 0]


def test_a_record_with_two_values_can_bring_two_together_that_refused_each_other() -> None:
    pairs = {(0, 1): 14, (1, 2): 12, (0, 2): 13}
    out = clustered(pairs, records=holding(a={1}, b={1, 2}, c={2}))
    assert out.cluster[:3].tolist() == [0, 0, 0]


def test_same_overrides_exclusive_identifiers_and_the_conflict_is_shown() -> None:
    out = clustered({}, [decided(1, "SAME", 0, 1)], records=holding(a={1}, b={2}))
    assert out.cluster[:2].tolist() == [0, 0]
    assert out.overrides == (Override(UUID(int=1), (LEI,)),)


def test_records_of_two_kinds_are_never_one_party() -> None:
    records = {0: Record(0, kind=0), 1: Record(1, kind=1)}
    out = clustered({(0, 1): 15}, [decided(1, "SAME", 0, 1)], records=records, keys=2)
    assert out.cluster.tolist() == [0, 1]


def test_a_component_that_is_too_large_is_cut_where_it_is_weakest() -> None:
    chain = {(0, 1): 9, (1, 2): 1, (2, 3): 9}
    out = clustered(chain, limits=replace(LIMITS, max_part=2))
    assert out.part.tolist() == [0, 0, 2, 2]
    assert (out.largest_component, out.largest_part) == (4, 2)


def test_same_keeps_records_in_one_part() -> None:
    chain = {(0, 1): 9, (1, 2): 1, (2, 3): 9}
    out = clustered(chain, [decided(1, "SAME", 0, 3)], limits=replace(LIMITS, max_part=2))
    assert out.part.tolist() == [0, 1, 2, 0]
    assert out.cluster.tolist() == [0, 1, 2, 0]


def test_identical_records_beyond_max_part_stay_one_party() -> None:
    duplicates = {(a, b): 30 for b in range(12) for a in range(b)}
    out = clustered(duplicates, keys=12, limits=replace(LIMITS, max_part=5))
    assert (out.largest_part, set(out.cluster.tolist())) == (12, {0})


def test_the_party_is_named_after_the_record_first_seen() -> None:
    records = {0: Record(30), 1: Record(10), 2: Record(20)}
    assert clustered({(0, 1): 5, (1, 2): 5, (0, 2): 5}, records=records, keys=3).party.tolist() == [1, 1, 1]


def test_undoing_a_merge_brings_the_old_id_back() -> None:
    ledger = [decided(1, "SAME", 0, 1)]
    undone = [*ledger, decided(2, "REVOKE", revokes=1)]
    parties = [clustered({}, decisions, keys=2).party.tolist() for decisions in ([], ledger, undone)]
    assert parties == [[0, 1], [0, 0], [0, 1]]


def test_nothing_in_gives_nothing_out() -> None:
    out = clustered({}, records={}, keys=0)
    assert (len(out.party), out.largest_component, out.refusals) == (0, 0, ())


@pytest.mark.parametrize(
    "wrong",
    [{"miss": 0}, {"cut": 1_000}, {"cap": -1}, {"max_part": 0}, {"doubling": -1}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_thresholds_that_contradict_each_other_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ModelError, match="contradict"):
        replace(LIMITS, **wrong)


def test_a_kind_without_thresholds_is_refused() -> None:
    inputs = replace(inputs_of({0: Record(0)}, {}, [], LIMITS, 1), thresholds={})
    with pytest.raises(ModelError, match="No thresholds"):
        cluster_affected(inputs)
