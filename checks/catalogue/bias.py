"""Clarify's bias metrics, of its own reports and of `governance score bias`."""

import math

from checks.catalogue.metric import POSITIVE, SHARE, SIGNED, UNBOUNDED, Better, Facets, Family, Metric, Unit
from checks.ranges import Range

PRE_TRAINING = "https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-data-bias.html"
POST_TRAINING = "https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-post-training-bias.html"


def _gap(
    name: str, meaning: str, source: str, range_: Range = SIGNED, unit: Unit = Unit.DIFFERENCE
) -> Metric:
    """Return a signed metric whose best value is 0: either sign is a disadvantage of one of the two."""
    return Metric(
        name, meaning, source, range_, Better.TARGET, unit, Facets.GROUPS, target=0.0, supported=False
    )


def _distance(name: str, meaning: str, range_: Range, unit: Unit = Unit.SCORE) -> Metric:
    return Metric(name, meaning, PRE_TRAINING, range_, Better.LOWER, unit, Facets.GROUPS, supported=False)


def _further(section: str, source: str) -> Metric:
    return Metric(
        f"bias.{section}.<metric>.<key>",
        "A further number that Clarify wrote beside a metric.",
        source,
        UNBOUNDED,
        Better.NEITHER,
        Unit.AS_REPORTED,
        Facets.GROUPS,
        supported=False,
    )


FAMILY = Family(
    "Bias (SageMaker Clarify, `governance score bias`)",
    "Each compares one group, d, with everyone else, a. A sign says who is at a disadvantage, so a limit on a "
    "difference needs two ends.",
    (
        _gap(
            "bias.pre_training.CI", "Class imbalance: rows of a less rows of d, over all rows.", PRE_TRAINING
        ),
        _gap(
            "bias.pre_training.DPL",
            "Difference in proportions of labels: share of positive labels of a less that of d.",
            PRE_TRAINING,
        ),
        _gap(
            "bias.pre_training.CDDL",
            "Conditional demographic disparity in labels: d's share of the rejected less its share of the accepted, "
            "averaged over strata by their size.",
            PRE_TRAINING,
        ),
        _distance(
            "bias.pre_training.KL",
            "Kullback-Leibler divergence of the labels of a from those of d, over labels that both have (below 0 only "
            "where one lacks a label).",
            Range(-1 / math.e, None),
            Unit.NATS,
        ),
        _distance(
            "bias.pre_training.JS",
            "Jensen-Shannon divergence of the labels of a and d.",
            Range(0.0, math.log(2)),
            Unit.NATS,
        ),
        _distance(
            "bias.pre_training.LP",
            "Euclidean distance between the shares of labels of a and d.",
            Range(0.0, math.sqrt(2)),
        ),
        _distance("bias.pre_training.TVD", "Total variation distance of the labels of a and d.", SHARE),
        _distance(
            "bias.pre_training.KS", "Largest difference between the shares of a label in a and d.", SHARE
        ),
        _further("pre_training", PRE_TRAINING),
        _gap(
            "bias.post_training.DPPL",
            "Difference in positive proportions in predicted labels: of a less of d.",
            POST_TRAINING,
        ),
        Metric(
            "bias.post_training.DI",
            "Disparate impact: the share of positive predictions of d over that of a.",
            POST_TRAINING,
            POSITIVE,
            Better.TARGET,
            Unit.RATIO,
            Facets.GROUPS,
            target=1.0,
            supported=False,
        ),
        _gap(
            "bias.post_training.DCA",
            "Difference in conditional acceptance: observed over predicted positives, of a less of d.",
            POST_TRAINING,
            UNBOUNDED,
            Unit.RATIO,
        ),
        _gap(
            "bias.post_training.DCR",
            "Difference in conditional rejection: observed over predicted negatives, of d less of a.",
            POST_TRAINING,
            UNBOUNDED,
            Unit.RATIO,
        ),
        _gap("bias.post_training.RD", "Recall difference: recall of a less that of d.", POST_TRAINING),
        _gap("bias.post_training.SD", "Specificity difference: of d less of a.", POST_TRAINING),
        _gap(
            "bias.post_training.DAR",
            "Difference in acceptance rates: precision of a less that of d.",
            POST_TRAINING,
        ),
        _gap(
            "bias.post_training.DRR",
            "Difference in rejection rates: true negatives over predicted negatives, of d less of a.",
            POST_TRAINING,
        ),
        _gap("bias.post_training.AD", "Accuracy difference: accuracy of a less that of d.", POST_TRAINING),
        _gap(
            "bias.post_training.TE",
            "Treatment equality: false negatives over false positives, of d less of a.",
            POST_TRAINING,
            UNBOUNDED,
            Unit.RATIO,
        ),
        _gap(
            "bias.post_training.CDDPL",
            "Conditional demographic disparity in predicted labels: d's share of the rejected less its share of the "
            "accepted, averaged over strata by their size.",
            POST_TRAINING,
        ),
        _gap(
            "bias.post_training.FT",
            "Flip test: members of d whose nearest neighbours in a are predicted otherwise, to the better less to the "
            "worse, over the members of d.",
            POST_TRAINING,
        ),
        Metric(
            "bias.post_training.GE",
            "Generalized entropy: how unequally the benefit of a prediction is spread over everyone.",
            POST_TRAINING,
            POSITIVE,
            Better.LOWER,
            Unit.SCORE,
            Facets.GROUPS,
            supported=False,
        ),
        _further("post_training", POST_TRAINING),
    ),
)
