"""The formulas of Clarify's bias metrics, on counts.

Every metric compares a facet's group d ("disadvantaged") with everyone else, a ("advantaged"). Names, descriptions,
formulas and the conventions for division by nothing are those of the open-source Clarify library, smclarify 0.5
(https://github.com/aws/amazon-sagemaker-clarify), and of
https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-data-bias.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-post-training-bias.html.

Two conventions of the library are kept for the sake of equal numbers: 0/0 counts as 0 and x/0 as infinity, and the
difference of two infinities counts as 0. The three metrics that need more than counts, CDDL, CDDPL and FT, are in
`scorers.bias.disparity` and `scorers.bias.flip_test`.
"""

import math
from collections.abc import Callable

from msgspec import Struct


class Undefined(Struct, frozen=True):
    """A metric that has no value for this data, and why (in the library's words, where it has any)."""

    reason: str


Value = float | Undefined


class Counts(Struct, frozen=True):
    """Rows of one group by observed and predicted label.

    Without predictions the observed positives are all counted as `true_positives` and the observed negatives as
    `true_negatives`; only the pre-training metrics mean something then.
    """

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def rows(self) -> int:
        """All rows of the group."""
        return self.positives + self.negatives

    @property
    def positives(self) -> int:
        """Rows whose observed label is positive."""
        return self.true_positives + self.false_negatives

    @property
    def negatives(self) -> int:
        """Rows whose observed label is negative."""
        return self.true_negatives + self.false_positives

    @property
    def predicted_positives(self) -> int:
        """Rows whose predicted label is positive."""
        return self.true_positives + self.false_positives

    @property
    def predicted_negatives(self) -> int:
        """Rows whose predicted label is negative."""
        return self.true_negatives + self.false_negatives

    @property
    def correct(self) -> int:
        """Rows whose predicted label is the observed one."""
        return self.true_positives + self.true_negatives

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.true_positives + other.true_positives,
            self.false_positives + other.false_positives,
            self.false_negatives + other.false_negatives,
            self.true_negatives + other.true_negatives,
        )

    def __sub__(self, other: "Counts") -> "Counts":
        return Counts(
            self.true_positives - other.true_positives,
            self.false_positives - other.false_positives,
            self.false_negatives - other.false_negatives,
            self.true_negatives - other.true_negatives,
        )


Formula = Callable[[Counts, Counts], Value]


class CountMetric(Struct, frozen=True):
    """A metric that counts alone decide: `formula(a, d)`, and what to say where a or d has no row."""

    name: str
    description: str
    formula: Formula
    rest_is_empty: str
    group_is_empty: str

    def value(self, rest: Counts, group: Counts) -> Value:
        """Return the metric of `group` against `rest`."""
        if not rest.rows and self.rest_is_empty:
            return Undefined(self.rest_is_empty)
        if not group.rows and self.group_is_empty:
            return Undefined(self.group_is_empty)
        return self.formula(rest, group)


def divide(numerator: float, denominator: float) -> float:
    """Divide as the library does: 0/0 is 0, and x/0 is infinity with the sign of x."""
    if denominator:
        return numerator / denominator
    return math.copysign(math.inf, numerator) if numerator else 0.0


def _difference(minuend: float, subtrahend: float) -> float:
    return 0.0 if minuend == subtrahend else minuend - subtrahend


def _class_imbalance(a: Counts, d: Counts) -> Value:
    return (a.rows - d.rows) / (a.rows + d.rows)


def _positive_label_gap(a: Counts, d: Counts) -> Value:
    return a.positives / a.rows - d.positives / d.rows


def _positive_prediction_gap(a: Counts, d: Counts) -> Value:
    return a.predicted_positives / a.rows - d.predicted_positives / d.rows


def _shares_of_common_labels(a: Counts, d: Counts) -> list[tuple[float, float]]:
    """Each label's share in a and in d, for the labels that both have."""
    pairs = ((a.negatives, d.negatives), (a.positives, d.positives))
    return [(in_a / a.rows, in_d / d.rows) for in_a, in_d in pairs if in_a and in_d]


def _over_common_labels(distance: Callable[[list[tuple[float, float]]], float]) -> Formula:
    def formula(a: Counts, d: Counts) -> Value:
        shares = _shares_of_common_labels(a, d)
        return distance(shares) if shares else Undefined(_NO_COMMON_LABEL)

    return formula


def _kullback_leibler(shares: list[tuple[float, float]]) -> float:
    return sum(p * math.log(p / q) for p, q in shares)


def _jensen_shannon(shares: list[tuple[float, float]]) -> float:
    to_mean = _kullback_leibler([(p, (p + q) / 2) for p, q in shares])
    from_mean = _kullback_leibler([(q, (p + q) / 2) for p, q in shares])
    return (to_mean + from_mean) / 2


def _euclidean(shares: list[tuple[float, float]]) -> float:
    return math.hypot(*(p - q for p, q in shares))


def _total_variation(shares: list[tuple[float, float]]) -> float:
    return sum(abs(p - q) for p, q in shares) / 2


def _largest_difference(shares: list[tuple[float, float]]) -> float:
    return max(abs(p - q) for p, q in shares)


def _disparate_impact(a: Counts, d: Counts) -> Value:
    return divide(d.predicted_positives / d.rows, a.predicted_positives / a.rows)


def _accuracy_gap(a: Counts, d: Counts) -> Value:
    return a.correct / a.rows - d.correct / d.rows


def _acceptance_rate_gap(a: Counts, d: Counts) -> Value:
    return divide(a.true_positives, a.predicted_positives) - divide(d.true_positives, d.predicted_positives)


def _rejection_rate_gap(a: Counts, d: Counts) -> Value:
    return divide(d.true_negatives, d.predicted_negatives) - divide(a.true_negatives, a.predicted_negatives)


def _conditional_acceptance_gap(a: Counts, d: Counts) -> Value:
    return _difference(divide(a.positives, a.predicted_positives), divide(d.positives, d.predicted_positives))


def _conditional_rejection_gap(a: Counts, d: Counts) -> Value:
    return _difference(divide(d.negatives, d.predicted_negatives), divide(a.negatives, a.predicted_negatives))


def _recall_gap(a: Counts, d: Counts) -> Value:
    return divide(a.true_positives, a.positives) - divide(d.true_positives, d.positives)


def _specificity_gap(a: Counts, d: Counts) -> Value:
    return divide(d.true_negatives, d.negatives) - divide(a.true_negatives, a.negatives)


def _treatment_equality(a: Counts, d: Counts) -> Value:
    return _difference(
        divide(d.false_negatives, d.false_positives), divide(a.false_negatives, a.false_positives)
    )


def _generalized_entropy(a: Counts, d: Counts) -> Value:
    """Half the squared coefficient of variation of the benefit, 0 a miss, 1 a right answer, 2 a false alarm."""
    everyone = a + d
    mean = (everyone.correct + 2 * everyone.false_positives) / everyone.rows
    if not mean:
        return Undefined(
            "All predicted labels are false negatives. "
            "There should be at least one prediction that is not false negative."
        )
    mean_square = (everyone.correct + 4 * everyone.false_positives) / everyone.rows
    return (mean_square / mean**2 - 1) / 2


_NO_COMMON_LABEL = "No instance of common facet found, dataset may be too small"
_DISTRIBUTIONS = (_NO_COMMON_LABEL, _NO_COMMON_LABEL)
_PROPORTIONS = ("Negative facet set is empty.", "Facet set is empty.")
_RATIOS = ("Negated Facet set is empty", "Facet set is empty")


def _labelled(prefix: str) -> tuple[str, str]:
    rest, group = _RATIOS
    return f"{prefix}: {rest}", f"{prefix}: {group}"


PRE_TRAINING = (
    CountMetric(
        "CI",
        "Class Imbalance (CI)",
        _class_imbalance,
        "CI: negated facet set is empty. Check that x[~facet] has non-zero length.",
        "CI: facet set is empty. Check that x[facet] has non-zero length.",
    ),
    CountMetric(
        "DPL", "Difference in Positive Proportions in Labels (DPL)", _positive_label_gap, *_PROPORTIONS
    ),
    CountMetric(
        "JS", "Jensen-Shannon Divergence (JS)", _over_common_labels(_jensen_shannon), *_DISTRIBUTIONS
    ),
    CountMetric(
        "KL", "Kullback-Liebler Divergence (KL)", _over_common_labels(_kullback_leibler), *_DISTRIBUTIONS
    ),
    CountMetric(
        "KS", "Kolmogorov-Smirnov Distance (KS)", _over_common_labels(_largest_difference), *_DISTRIBUTIONS
    ),
    CountMetric("LP", "L-p Norm (LP)", _over_common_labels(_euclidean), *_DISTRIBUTIONS),
    CountMetric(
        "TVD", "Total Variation Distance (TVD)", _over_common_labels(_total_variation), *_DISTRIBUTIONS
    ),
)

POST_TRAINING = (
    CountMetric("AD", "Accuracy Difference (AD)", _accuracy_gap, *_RATIOS),
    CountMetric("DAR", "Difference in Acceptance Rates (DAR)", _acceptance_rate_gap, *_labelled("DLR")),
    CountMetric(
        "DCA", "Difference in Conditional Acceptance (DCA)", _conditional_acceptance_gap, *_labelled("DCO")
    ),
    CountMetric(
        "DCR", "Difference in Conditional Rejection (DCR)", _conditional_rejection_gap, *_labelled("DCO")
    ),
    CountMetric(
        "DI",
        "Disparate Impact (DI)",
        _disparate_impact,
        "Negated facet set is empty",
        "Facet set is empty",
    ),
    CountMetric(
        "DPPL",
        "Difference in Positive Proportions in Predicted Labels (DPPL)",
        _positive_prediction_gap,
        *_PROPORTIONS,
    ),
    CountMetric("DRR", "Difference in Rejection Rates (DRR)", _rejection_rate_gap, *_labelled("DLR")),
    CountMetric("GE", "Generalized Entropy (GE)", _generalized_entropy, "", ""),
    CountMetric("RD", "Recall Difference (RD)", _recall_gap, *_labelled("DLA")),
    CountMetric("SD", "Specificity Difference (SD)", _specificity_gap, *_labelled("DLA")),
    CountMetric("TE", "Treatment Equality (TE)", _treatment_equality, *_RATIOS),
)
