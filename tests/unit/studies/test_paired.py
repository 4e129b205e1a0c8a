"""Paired comparisons against counts by hand and published tables."""

from itertools import product
from math import comb

import numpy as np
import pytest

from scenarios.studies.paired import exact_p, holm, paired


def signed_ranks_by_hand(differences):
    """Two-sided p of Wilcoxon's signed ranks over all 2^n signs."""
    ranks = np.argsort(np.argsort(np.abs(differences))) + 1
    seen = ranks[np.asarray(differences) > 0].sum()
    sums = np.array(
        [sum(r for r, up in zip(ranks, signs, strict=True) if up) for signs in product((0, 1), repeat=len(ranks))]
    )
    return min(1.0, 2 * min((sums <= seen).mean(), (sums >= seen).mean()))


@pytest.mark.parametrize("seed", range(4))
def test_wilcoxon_is_exact_over_all_signs(seed):
    differences = np.random.default_rng(seed).normal(0.5, 1.0, 8)
    p, test = exact_p(differences)
    assert test == "wilcoxon"
    assert p == pytest.approx(signed_ranks_by_hand(differences), rel=1e-12)


def test_all_of_one_sign_has_the_least_p():
    assert exact_p(np.arange(1.0, 9.0)) == (pytest.approx(2 / 2**8), "wilcoxon")


def test_ties_and_zeros_are_left_to_the_signs():
    p, test = exact_p(np.array([1.0, 1.0, 1.0, 1.0, -1.0, 0.0]))
    assert test == "sign"
    assert p == pytest.approx(2 * (comb(5, 5) + comb(5, 4)) / 2**5)
    assert exact_p(np.zeros(4)) == (1.0, "sign")
    assert exact_p(np.zeros(0)) == (1.0, "sign")


def test_many_pairs_are_counted_by_their_signs():
    differences = np.random.default_rng(2).normal(1.0, 1.0, 600)
    p, test = exact_p(differences)
    assert (test, p < 1e-30) == ("sign", True)


def test_a_shift_is_found_that_the_spread_of_both_would_hide():
    rng = np.random.default_rng(4)
    worlds = rng.normal(0.0, 10.0, 12)
    a, b = worlds + rng.normal(0.0, 0.1, 12), worlds + 0.5 + rng.normal(0.0, 0.1, 12)
    found = paired(a, b)
    assert found.difference.mean == pytest.approx(np.mean(b - a))
    assert (found.verdict, found.as_dict()["significant"]) == ("yes", "yes")
    assert paired(a, a + rng.normal(0.0, 0.1, 12) * 0).verdict == "no"


def test_verdicts_that_disagree_are_unclear():
    # Four equal shifts leave no doubt to the interval, but no four signs are rare enough.
    found = paired(np.zeros(4), np.array([1.0, 1.01, 1.02, 1.03]))
    assert found.outside
    assert found.p == pytest.approx(0.125)
    assert found.verdict == "unclear"


def test_no_interval_of_fewer_than_two_pairs():
    values = np.array([1.0, np.nan, 3.0, np.inf])
    assert paired(values, np.array([1.0, 2.0, np.nan, 3.0])) is None
    assert paired(values, np.array([2.0, 2.0, 3.5, 3.0])).difference.count == 2


def test_false_alarms_are_as_rare_as_they_should_be():
    rng = np.random.default_rng(11)
    verdicts = [paired(*rng.normal(size=(2, 10))).verdict for _ in range(600)]
    assert verdicts.count("yes") / 600 < 0.06


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.6]) == [1.0, 1.0]
    assert holm([]) == []
