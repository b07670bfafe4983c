"""Bounds of paired differences: held against SciPy, by laws, and by how often they hold."""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.paired_bounds import PairedBounds, bound_difference, mcnemar_bounds, tango_bounds
from checks.pairing import Pairs

LEVELS = (0.8, 0.95, 0.99)
UNCHANGED = 20
changes = st.tuples(st.integers(0, 40), st.integers(0, 40))


def verdicts(risen: int, fallen: int, both: int, neither: int = 0) -> Pairs:
    now = [1.0] * risen + [0.0] * fallen + [1.0] * both + [0.0] * neither
    before = [0.0] * risen + [1.0] * fallen + [1.0] * both + [0.0] * neither
    return Pairs(tuple(now), tuple(before))


def bound(
    pairs: Pairs, confidence: float = 0.95, slope: float = 1.0, *, is_even: bool = False
) -> PairedBounds:
    found = bound_difference(pairs, confidence, slope=slope, is_even=is_even)
    assert isinstance(found, PairedBounds)
    return found


@pytest.mark.parametrize(
    ("risen", "fallen"), [(9, 4), (1, 0), (0, 1), (0, 12), (30, 30), (500, 431), (40_000, 39_500)], ids=str
)
def test_mcnemars_bounds_are_scipys_of_the_share_that_rose(risen: int, fallen: int) -> None:
    changed = risen + fallen
    for level in LEVELS:
        exact = scipy.stats.binomtest(risen, changed).proportion_ci(2 * level - 1, method="exact")
        expected = [(2 * end - 1) * changed / 100_000 for end in exact]
        assert mcnemar_bounds(risen, fallen, 100_000, level) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=40)
@given(changes.filter(any), st.sampled_from(LEVELS))
def test_mcnemars_bounds_leave_out_zero_where_the_exact_test_does(
    changed: tuple[int, int], level: float
) -> None:
    risen, fallen = changed
    low, high = mcnemar_bounds(risen, fallen, 100, level)
    better = scipy.stats.binomtest(risen, risen + fallen, alternative="greater").pvalue
    worse = scipy.stats.binomtest(risen, risen + fallen, alternative="less").pvalue
    assert (low > 0, high < 0) == (better < 1 - level, worse < 1 - level)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=60),
    st.sampled_from(LEVELS),
    st.sampled_from((1.0, 0.98, 1.1)),
)
def test_the_bounds_of_scores_are_scipys_t(
    scores: list[tuple[float, float]], level: float, slope: float
) -> None:
    pairs = Pairs(tuple(now for now, _ in scores), tuple(before for _, before in scores))
    found = bound_difference(pairs, level, slope=slope, is_even=False)
    if pairs.are_verdicts:
        return
    differences = np.array(pairs.values) - slope * np.array(pairs.before)
    if isinstance(found, str):
        assert np.std(differences, ddof=1) < 1e-3
        return
    expected = scipy.stats.ttest_1samp(differences, 0).confidence_interval(2 * level - 1)
    mean = float(np.mean(differences))
    assert (mean - found.below, mean + found.above) == pytest.approx(tuple(expected), abs=1e-9)


def likelihood_score(risen: int, fallen: int, count: int, assumed: float) -> float:
    """Tango's score, with the most likely share found by going through a grid."""
    shares = np.linspace(max(0.0, -assumed), (1 - assumed) / 2, 200_001)[1:-1]
    rest = count - risen - fallen
    logs = (
        risen * np.log(shares + assumed) + fallen * np.log(shares) + rest * np.log(1 - 2 * shares - assumed)
    )
    best = shares[int(np.argmax(logs))]
    return float((risen - fallen - count * assumed) / math.sqrt(count * (2 * best + assumed * (1 - assumed))))


@pytest.mark.parametrize(
    ("risen", "fallen", "count"), [(12, 2, 50), (3, 9, 123), (1, 1, 30), (60, 55, 400)], ids=str
)
def test_tangos_bounds_are_where_the_score_is_as_far_as_the_level(
    risen: int, fallen: int, count: int
) -> None:
    low, high = tango_bounds(risen, fallen, count, 0.95)
    z = scipy.stats.norm.ppf(0.95)
    assert likelihood_score(risen, fallen, count, low) == pytest.approx(z, abs=2e-3)
    assert likelihood_score(risen, fallen, count, high) == pytest.approx(-z, abs=2e-3)


# What `scoreci.mp` of R's package PropCIs printed for people who published their runs, rounded to four digits. It takes
# first how many fell, then how many rose.
@pytest.mark.parametrize(
    ("fallen", "risen", "count", "confidence", "printed"),
    [
        pytest.param(25, 28, 618, 0.95, (-0.0148, 0.0247), id="25 and 28 of 618, two-sided 90 %"),
        pytest.param(60, 20, 1_000, 0.975, (-0.0584, -0.0231), id="60 and 20 of 1000, two-sided 95 %"),
        pytest.param(20, 60, 1_000, 0.975, (0.0231, 0.0584), id="20 and 60 of 1000, two-sided 95 %"),
    ],
)
def test_tangos_bounds_are_those_of_another_program(
    fallen: int, risen: int, count: int, confidence: float, printed: tuple[float, float]
) -> None:
    assert tango_bounds(risen, fallen, count, confidence) == pytest.approx(printed, abs=5.1e-5)


def solve_quartic(risen: int, fallen: int, count: int, confidence: float) -> tuple[float, float]:
    """Tango's bounds without a search: the outermost real roots of a quartic.

    Yang, Z., Sun, X. and Hardin, J. (2012), A non-iterative implementation of Tango's score confidence interval for a
    paired difference of proportions; its R code is at http://users.stat.ufl.edu/~aa/cda/R/matched/R2_matched/.
    """
    square, away, changed = scipy.stats.norm.ppf(confidence) ** 2, risen - fallen, risen + fallen
    share = count / square
    quartic = [
        count**2 * (share + 1) ** 2,
        -count * away * (share + 1) * (4 * share + 1),
        2 * count * away**2 * (3 * share + 2) / square - count**2 * (changed / square + 1),
        count * away * (2 * changed / square + 1) - away**3 * (4 * share + 1) / square,
        away**2 * (away**2 / square - changed) / square,
    ]
    roots = [float(root.real) for root in np.roots(quartic) if abs(root.imag) < 1e-6]
    return min(roots), max(roots)


@pytest.mark.parametrize("level", LEVELS, ids=str)
@pytest.mark.parametrize(
    ("risen", "fallen", "count"),
    [(12, 2, 50), (3, 9, 123), (40, 20, 160), (1, 7, 21), (600, 551, 4_000)],
    ids=str,
)
def test_tangos_bounds_are_the_roots_of_its_quartic(
    risen: int, fallen: int, count: int, level: float
) -> None:
    expected = solve_quartic(risen, fallen, count, level)
    assert tango_bounds(risen, fallen, count, level) == pytest.approx(expected, abs=1e-6)


@settings(max_examples=40)
@given(changes, st.sampled_from(LEVELS))
def test_what_rose_for_one_fell_for_the_other(changed: tuple[int, int], level: float) -> None:
    risen, fallen = changed
    count = risen + fallen + UNCHANGED
    low, high = tango_bounds(risen, fallen, count, level)
    assert tango_bounds(fallen, risen, count, level) == pytest.approx((-high, -low), abs=1e-9)
    assert -1 <= low <= (risen - fallen) / count <= high <= 1


@settings(max_examples=40)
@given(changes, st.booleans(), st.sampled_from((1.0, 0.95)))
def test_more_confidence_is_wider(changed: tuple[int, int], is_even: bool, slope: float) -> None:
    pairs = verdicts(*changed, both=UNCHANGED)
    found = [bound(pairs, level, slope, is_even=is_even and slope == 1) for level in LEVELS]
    assert [one.below for one in found] == sorted(one.below for one in found)
    assert [one.above for one in found] == sorted(one.above for one in found)


@pytest.mark.parametrize(
    ("pairs", "is_even", "method"),
    [
        pytest.param(
            verdicts(9, 4, 100, 10), True,
            "paired on the same 123 items, of which 9 went up and 4 went down, by McNemar's exact test, as items are "
            "right or wrong",
            id="verdicts, not worse at all",
        ),
        pytest.param(
            verdicts(9, 4, 100, 10), False,
            "paired on the same 123 items, of which 9 went up and 4 went down, by Tango's score interval, as items are "
            "right or wrong and an amount is allowed",
            id="verdicts, an amount allowed",
        ),
        pytest.param(
            verdicts(0, 0, 3), True,
            "paired on the same 3 items, of which none changed, by Tango's score interval, as items are right or wrong",
            id="no verdict changed",
        ),
        pytest.param(
            Pairs((0.5, 0.75), (0.5, 0.5)), True,
            "paired on the same 2 items by Student's t of their differences, as items have scores",
            id="scores",
        ),
    ],
)  # fmt: skip
def test_the_method_is_chosen_by_what_items_have(pairs: Pairs, is_even: bool, method: str) -> None:
    assert bound(pairs, is_even=is_even).method == method


def test_scores_that_all_differ_by_the_same_are_no_certainty() -> None:
    found = bound_difference(Pairs((0.5, 0.7, 0.9), (0.4, 0.6, 0.8)), 0.95, slope=1.0, is_even=False)
    assert found == "all items differ by the same, and what does not spread is no certainty"


def test_a_share_that_is_allowed_is_as_uncertain_as_the_baseline() -> None:
    pairs = verdicts(3, 5, 80, 12)
    even, share = bound(pairs), bound(pairs, slope=0.9)
    assert share.below > even.below
    assert share.above > even.above


# How often the true difference is within a bound that should hold 95 times of 100. What is drawn are numbers of changed
# items; the seed is fixed, so that the test comes to the same each time.
DRAWS = 2_000
ROUGH = 0.01  # what 2,000 draws may be off by
# Of a version that is worse, the bound that approves (no worse than so much) holds; the one that rejects (worse by so
# much at least) is an asymptotic one, and holds less often where few items change.
REJECTING = 0.04


def coverage(
    bounds: Callable[[int, int], tuple[float, float]], rise: float, fall: float, count: int
) -> tuple[float, float]:
    drawn = np.random.default_rng(20).multinomial(count, [rise, fall, 1 - rise - fall], size=DRAWS)
    found = np.array([bounds(int(risen), int(fallen)) for risen, fallen, _ in drawn])
    return float(np.mean(found[:, 0] <= rise - fall)), float(np.mean(found[:, 1] >= rise - fall))


@pytest.mark.parametrize(
    ("rise", "fall"), [(0.05, 0.05), (0.02, 0.05), (0.1, 0.2), (0.01, 0.01), (0.0, 0.03)], ids=str
)
def test_tangos_bounds_hold_as_often_as_they_say(rise: float, fall: float) -> None:
    bounds = cache(lambda risen, fallen: tango_bounds(risen, fallen, 100, 0.95))
    approving, rejecting = coverage(bounds, rise, fall, 100)
    assert approving >= 0.95 - ROUGH
    assert rejecting >= 0.95 - REJECTING


@pytest.mark.parametrize("rate", [0.01, 0.05], ids=str)
def test_mcnemars_test_errs_no_more_often_than_it_says(rate: float) -> None:
    bounds = cache(
        lambda risen, fallen: mcnemar_bounds(risen, fallen, 100, 0.95) if risen + fallen else (0.0, 0.0)
    )
    assert min(coverage(bounds, rate, rate, 100)) >= 0.95


def test_the_t_bounds_of_scores_hold_as_often_as_they_say() -> None:
    random = np.random.default_rng(20)
    held = []
    for _ in range(600):
        shared = random.beta(4, 2, size=60)  # an item is easy or hard for both versions
        values, before = (
            np.clip(shared + random.normal(0, 0.1, size=60) - worse, -2, 2) for worse in (0.03, 0.0)
        )
        pairs = Pairs(tuple(map(float, values)), tuple(map(float, before)))
        held.append(float(np.mean(values - before)) - bound(pairs).below <= -0.03)
    assert np.mean(held) >= 0.95 - ROUGH


def test_pairing_is_narrower_where_items_go_together() -> None:
    unpaired = math.sqrt(2 * 0.9 * 0.1 / 200) * 1.645
    assert bound(verdicts(2, 3, 178, 17)).below < unpaired / 2


@pytest.mark.parametrize(("risen", "fallen"), [(0, 0), (1, 0), (1, 1), (2, 0), (0, 2)], ids=str)
def test_two_items_have_bounds(risen: int, fallen: int) -> None:
    low, high = tango_bounds(risen, fallen, 2, 0.95)
    assert -1 <= low <= (risen - fallen) / 2 <= high <= 1
    assert low < high
