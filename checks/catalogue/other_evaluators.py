"""The metrics that fmeval, lm-evaluation-harness and Inspect write, by the names that they give them."""

from collections.abc import Iterator

from msgspec.structs import replace

from checks.catalogue.metric import POSITIVE, SHARE, SIGNED, UNBOUNDED, Better, Facets, Family, Metric, Unit
from checks.ranges import Range

FMEVAL = "https://aws.github.io/fmeval/"
LM_EVAL = "https://github.com/EleutherAI/lm-evaluation-harness/blob/main/docs/interface.md"
INSPECT = "https://inspect.aisi.org.uk/scorers.html"
MEANS = ("accuracy", "mean")  # of Inspect, whose sample size is that of the score
PERCENT = Range(0.0, 100.0)


def _fmeval(
    name: str,
    meaning: str,
    range_: Range = SHARE,
    *,
    better: Better = Better.HIGHER,
    unit: Unit = Unit.SCORE,
    target: float | None = None,
) -> Metric:
    address = f"fmeval.<evaluation>.<data set>.{name}"
    return Metric(address, meaning, FMEVAL, range_, better, unit, Facets.EITHER, target, supported=False)


def _toxicity(name: str) -> Metric:
    return _fmeval(
        name, f"Probability that a response is rated {name.replace('_', ' ')}.", better=Better.LOWER
    )


def _lm_eval(
    name: str,
    meaning: str,
    range_: Range = SHARE,
    *,
    better: Better = Better.HIGHER,
    unit: Unit = Unit.SHARE,
    target: float | None = None,
) -> Iterator[Metric]:
    """Yield a metric of every task, and of every task under a filter."""
    address = f"lm_eval.<task>.{name}"
    metric = Metric(address, meaning, LM_EVAL, range_, better, unit, Facets.WHOLE, target)
    yield metric
    yield replace(
        metric,
        address=f"{address}.<filter>",
        meaning=f"{meaning} Of a filter's answers.",
        companion_of=address,
    )


def _inspect(name: str, meaning: str, range_: Range, better: Better, unit: Unit = Unit.AS_REPORTED) -> Metric:
    address = f"inspect.<task>.<score>.{name}"
    supported = name in MEANS
    return Metric(address, meaning, INSPECT, range_, better, unit, Facets.WHOLE, supported=supported)


OF_FMEVAL = Family(
    "fmeval",
    "By the names of the evaluation and of its data set; categories of the data set are facets, category=<name>.",
    (
        _fmeval("exact_match_score", "Share of answers that are the target."),
        _fmeval(
            "quasi_exact_match_score", "Share of answers that are the target, but for case and punctuation."
        ),
        _fmeval("f1_score", "Words in common with the target (F1)."),
        _fmeval("precision_over_words", "Share of the answer's words that are the target's."),
        _fmeval("recall_over_words", "Share of the target's words that are in the answer."),
        _fmeval("factual_knowledge", "Share of answers that contain the fact."),
        _fmeval("factual_knowledge_quasi_exact", "Share of answers that contain the fact, but for case."),
        _fmeval("accuracy_score", "Share of right classes."),
        _fmeval("balanced_accuracy_score", "Mean recall of the classes."),
        _fmeval("classification_accuracy", "Share of right classes."),
        _fmeval("balanced_accuracy", "Mean recall of the classes."),
        _fmeval("precision_score", "Precision of the classes."),
        _fmeval("recall_score", "Recall of the classes."),
        _fmeval("precision", "Precision of the classes."),
        _fmeval("recall", "Recall of the classes."),
        _fmeval("meteor", "Words in common with the target, stems and synonyms included."),
        _fmeval("rouge", "N-grams in common with the target."),
        _fmeval("bertscore", "Likeness of the embeddings of words.", SIGNED),
        _fmeval(
            "word_error_rate",
            "Words changed by a small change of the prompt, over all words.",
            POSITIVE,
            better=Better.LOWER,
        ),
        _fmeval(
            "prompt_stereotyping",
            "Share of pairs in which the model holds the stereotyped sentence for likelier.",
            better=Better.TARGET,
            unit=Unit.SHARE,
            target=0.5,
        ),
        *map(
            _toxicity,
            (
                "toxicity",
                "severe_toxicity",
                "obscene",
                "identity_attack",
                "insult",
                "threat",
                "sexual_explicit",
            ),
        ),
        _fmeval(
            "delta_<score>",
            "How much a score changes by a small change of the prompt.",
            POSITIVE,
            better=Better.LOWER,
        ),
        Metric(
            "fmeval.<evaluation>.<data set>.<score>",
            "Another score of fmeval.",
            FMEVAL,
            UNBOUNDED,
            Better.NEITHER,
            Unit.AS_REPORTED,
            supported=False,
        ),
    ),
)

OF_LM_EVAL = Family(
    "lm-evaluation-harness",
    "By the name of the task or of the group of tasks.",
    (
        *_lm_eval("acc", "Share of right answers."),
        *_lm_eval("acc_norm", "Share of right answers, likelihoods by length."),
        *_lm_eval("acc_mutual_info", "Share of right answers, likelihoods less those without the question."),
        *_lm_eval("exact_match", "Share of answers that are the target."),
        *_lm_eval("em", "Share of answers that are the target."),
        *_lm_eval("mc1", "Share of questions whose likeliest answer is right."),
        *_lm_eval("mc2", "Probability of all right answers together."),
        *_lm_eval("f1", "F1; some tasks write it as a share, some in percent.", PERCENT, unit=Unit.SCORE),
        *_lm_eval("bleu", "N-grams of words in common with the target.", PERCENT, unit=Unit.POINTS),
        *_lm_eval("chrf", "N-grams of characters in common with the target.", PERCENT, unit=Unit.POINTS),
        *_lm_eval(
            "ter", "Words to change over the target's.", POSITIVE, better=Better.LOWER, unit=Unit.POINTS
        ),
        *_lm_eval("mcc", "Matthews' correlation of answers and targets.", SIGNED, unit=Unit.SCORE),
        *_lm_eval(
            "brier_score",
            "Squared error of the probabilities.",
            Range(0.0, 2.0),
            better=Better.LOWER,
            unit=Unit.SCORE,
        ),
        *_lm_eval("perplexity", "Perplexity of the targets.", POSITIVE, better=Better.LOWER, unit=Unit.SCORE),
        *_lm_eval("word_perplexity", "Perplexity by word.", POSITIVE, better=Better.LOWER, unit=Unit.SCORE),
        *_lm_eval("byte_perplexity", "Perplexity by byte.", POSITIVE, better=Better.LOWER, unit=Unit.SCORE),
        *_lm_eval("bits_per_byte", "Entropy by byte.", POSITIVE, better=Better.LOWER, unit=Unit.SCORE),
        *_lm_eval(
            "pct_stereotype",
            "Share of pairs in which the model holds the stereotyped sentence for likelier.",
            better=Better.TARGET,
            target=0.5,
        ),
        Metric(
            "lm_eval.<task>.<metric>",
            "Another metric of the task; a filter's name follows.",
            LM_EVAL,
            UNBOUNDED,
            Better.NEITHER,
            Unit.AS_REPORTED,
            Facets.WHOLE,
        ),
    ),
)

OF_INSPECT = Family(
    "Inspect",
    "By the names of the task and of the score; where a score has several reducers, the reducer's name follows it.",
    (
        _inspect(
            "accuracy",
            "Share of right answers; a partly right one counts half.",
            SHARE,
            Better.HIGHER,
            Unit.SHARE,
        ),
        _inspect("mean", "Mean of the score.", UNBOUNDED, Better.NEITHER),
        _inspect("stderr", "Standard error of the score's mean.", POSITIVE, Better.LOWER),
        _inspect(
            "bootstrap_stderr", "Standard error of the score's mean, by bootstrap.", POSITIVE, Better.LOWER
        ),
        _inspect("std", "Standard deviation of the score.", POSITIVE, Better.NEITHER),
        _inspect("var", "Variance of the score.", POSITIVE, Better.NEITHER),
        _inspect("<metric>", "Another metric of the score.", UNBOUNDED, Better.NEITHER),
    ),
)
