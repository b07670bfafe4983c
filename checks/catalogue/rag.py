"""The metrics of `governance score rag`, and of RAGAS' own results."""

from collections.abc import Iterator

from msgspec.structs import replace

from checks.catalogue.metric import (
    POSITIVE,
    SHARE,
    SIGNED,
    UNBOUNDED,
    Better,
    Facets,
    Family,
    Metric,
    Unit,
    with_largest_gaps,
)
from checks.ranges import Range

RAGAS = "https://docs.ragas.io/en/stable/concepts/metrics/available_metrics/"
ROUGE = "Lin, ROUGE, ACL workshop 2004; rouge-score"
BLEU = "Papineni et al., BLEU, ACL 2002; sacrebleu"
CHRF = "Popović, chrF, WMT 2015; sacrebleu"
OWN = "docs/scoring-rag.md"

JUDGE_SPREAD = "_judge_standard_deviation"
COVERAGE = "_coverage"
MODE = "(<mode>)"


def _score(
    name: str,
    meaning: str,
    range_: Range = SHARE,
    *,
    better: Better = Better.HIGHER,
    source: str = RAGAS,
    unit: Unit = Unit.SCORE,
) -> Metric:
    return Metric(f"rag.{name}", meaning, source, range_, better, unit)


_SCORED = (
    _score(
        "answer_relevancy",
        "How near the questions that the answer would answer are to the one that was asked (cosine).",
        SIGNED,
    ),
    _score("answer_similarity", "How near the answer is to the reference (cosine of embeddings).", SIGNED),
    _score(
        "answer_correctness",
        "Agreement with the reference: three quarters F1 of facts, one quarter similarity.",
        Range(-0.25, 1.0),
    ),
    _score("context_relevancy", "How much the retrieved passages have to do with the question."),
    _score("faithfulness", "Share of the answer's statements that the retrieved passages support."),
    _score("context_precision", "Whether the useful passages rank before the others."),
    _score("context_recall", "Share of the reference's statements that the retrieved passages hold."),
    _score("rouge_l", "Longest common subsequence of words with the reference (F-measure).", source=ROUGE),
    _score("bleu", "N-grams of words in common with the reference.", source=BLEU),
    _score("chrf", "N-grams of characters in common with the reference.", source=CHRF),
    _score("string_similarity", "Likeness of the answer to the reference by edit distance."),
    _score(
        "non_llm_context_precision",
        "Whether passages that resemble the reference's rank before the others.",
    ),
    _score("non_llm_context_recall", "Share of the reference's passages that resemble a retrieved one."),
)

# What else RAGAS writes; its reader takes these under the names that RAGAS gave them from 0.1 to 0.4.
_OF_RAGAS = (
    _score("agent_goal_accuracy", "Whether an agent reached the goal."),
    _score("answer_accuracy", "Agreement of the answer with the reference, by two judgements."),
    _score("aspect_critic", "Whether the answer has the stated aspect.", better=Better.NEITHER),
    _score("bleu_score", "N-grams of words in common with the reference.", source=BLEU),
    _score("chrf_score", "N-grams of characters in common with the reference.", source=CHRF),
    _score("context_entity_recall", "Share of the reference's entities that the retrieved passages hold."),
    _score("context_precision_with_reference", "Context precision, judged by the reference."),
    _score("context_precision_without_reference", "Context precision, judged by the answer."),
    _score("context_relevance", "How much the retrieved passages have to do with the question."),
    _score("context_utilization", "Whether the passages that the answer used rank before the others."),
    _score("data_compare_score", "Agreement of two tables, by rows or by columns."),
    _score("domain_specific_rubrics", "The level that the answer reaches of a rubric.", UNBOUNDED),
    _score("exact_match", "Whether the answer is the reference, word for word."),
    _score("factual_correctness", "Agreement of the answer's claims with the reference's."),
    _score("faithfulness_with_hhem", "Faithfulness, judged by a classifier."),
    _score("id_based_context_precision", "Share of the retrieved passages that are among the reference's."),
    _score("id_based_context_recall", "Share of the reference's passages that were retrieved."),
    _score("instance_rubrics", "The level that the answer reaches of its own rubric.", UNBOUNDED),
    _score("instance_specific_rubrics", "The level that the answer reaches of its own rubric.", UNBOUNDED),
    _score("llm_context_precision_with_reference", "Context precision, judged by the reference."),
    _score("llm_context_precision_without_reference", "Context precision, judged by the answer."),
    _score("llm_sql_equivalence_with_reference", "Whether a judge takes two queries for equivalent."),
    _score("multi_modal_faithfulness", "Whether text and images support the answer."),
    _score("multi_modal_relevance", "Whether the answer has to do with text and images."),
    _score(
        "noise_sensitivity",
        "Share of the answer's statements that are wrong because of a passage.",
        better=Better.LOWER,
    ),
    _score("non_llm_context_precision_with_reference", "Context precision by likeness of strings."),
    _score("non_llm_string_similarity", "Likeness of the answer to the reference by edit distance."),
    _score("nv_accuracy", "Agreement of the answer with the reference, by two judgements."),
    _score("nv_context_relevance", "How much the passages have to do with the question, by two judgements."),
    _score("nv_response_groundedness", "Whether the passages support the answer, by two judgements."),
    _score("quoted_spans_alignment", "Share of quoted spans that are in the passages."),
    _score("response_groundedness", "Whether the passages support the answer, by two judgements."),
    _score("rouge_score", "Words in common with the reference.", source=ROUGE),
    _score("rubrics_score_with_reference", "The level that the answer reaches of a rubric.", UNBOUNDED),
    _score("rubrics_score_without_reference", "The level that the answer reaches of a rubric.", UNBOUNDED),
    _score("semantic_similarity", "How near the answer is to the reference (cosine of embeddings).", SIGNED),
    _score("sql_semantic_equivalence", "Whether a judge takes two queries for equivalent."),
    _score("string_present", "Whether the reference is in the answer."),
    _score("summary_score", "How well a summary holds what its text says."),
    _score("tool_call_accuracy", "Agreement of an agent's tool calls with the reference's."),
    _score("tool_call_f1", "Agreement of an agent's tool calls with the reference's (F1)."),
    _score("topic_adherence", "Whether an agent keeps to its topics."),
)


def _companions(metric: Metric) -> Iterator[Metric]:
    """Yield what `governance score rag` writes beside one of its metrics."""
    yield from with_largest_gaps(metric)
    yield replace(
        metric,
        address=metric.address + JUDGE_SPREAD,
        meaning=f"How far one judgement is from its item's mean, of {metric.address} (with --repeats).",
        source="Searle, Casella and McCulloch, Variance Components, 1992, chapter 3",
        range=POSITIVE,
        better=Better.LOWER,
        facets=Facets.WHOLE,
        supported=False,
        companion_of=metric.address,
    )
    yield replace(
        metric,
        address=metric.address + COVERAGE,
        meaning=f"Share of the items that have a score by {metric.address}.",
        source=OWN,
        range=SHARE,
        better=Better.HIGHER,
        unit=Unit.SHARE,
        facets=Facets.WHOLE,
        companion_of=metric.address,
    )


def _with_mode(metric: Metric) -> Iterator[Metric]:
    """Yield the metric, and under the name with its mode in brackets that RAGAS 0.2 and later give it."""
    yield metric
    yield replace(
        metric,
        address=metric.address + MODE,
        meaning=f"{metric.address} of one mode, such as mode=f1.",
        companion_of=metric.address,
    )


def _seconds(name: str, meaning: str, *, supported: bool = True) -> Metric:
    address = f"rag.latency_{name}"
    return Metric(
        address, meaning, OWN, POSITIVE, Better.LOWER, Unit.SECONDS, Facets.WHOLE, supported=supported
    )


FAMILY = Family(
    "RAG (`governance score rag`, RAGAS results)",
    "Means over the questions; a judge or a model of embeddings scores them where the metric needs one.",
    (
        *(companion for metric in _SCORED for companion in _companions(metric)),
        *with_largest_gaps(
            _score(
                "coverage",
                "Share of the items that every metric of the run could score.",
                source=OWN,
                unit=Unit.SHARE,
            ),
            _score(
                "empty_answer_rate",
                "Share of the items whose answer is empty.",
                better=Better.LOWER,
                source=OWN,
                unit=Unit.SHARE,
            ),
        ),
        _seconds("p50_seconds", "The median time to an answer."),
        _seconds("p95_seconds", "The time within which 95 % of the answers come."),
        _seconds("mean_seconds", "The mean time to an answer."),
        _seconds("total_seconds", "The time to all answers together.", supported=False),
        *(variant for metric in _OF_RAGAS for variant in _with_mode(metric)),
        *(
            replace(
                metric,
                address=metric.address + MODE,
                meaning=f"{metric.address} of one mode, as RAGAS writes it.",
                companion_of=metric.address,
            )
            for metric in _SCORED
        ),
    ),
)
