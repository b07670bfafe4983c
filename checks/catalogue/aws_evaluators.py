"""The metrics of Bedrock Evaluations and of the SageMaker SDK's evaluators, by the names that they give them."""

from checks.catalogue.metric import SHARE, SIGNED, UNBOUNDED, Better, Facets, Family, Metric, Unit
from checks.ranges import Range

BEDROCK = "https://docs.aws.amazon.com/bedrock/latest/userguide/model-evaluation-metrics.html"
SDK = "https://sagemaker.readthedocs.io/en/stable/"
TRAINER = "https://huggingface.co/docs/transformers/main_classes/callback"
_MORE_IS_BETTER = {
    "Correctness": "Whether the answer is right.",
    "Completeness": "Whether the answer covers all of the question.",
    "Helpfulness": "Whether the answer helps.",
    "Relevance": "Whether the answer has to do with the question.",
    "Coherence": "Whether the answer hangs together.",
    "LogicalCoherence": "Whether the answer has no gap and no contradiction.",
    "Faithfulness": "Whether the answer holds nothing that the context does not.",
    "FollowingInstructions": "Whether the answer does what the prompt says.",
    "ProfessionalStyleAndTone": "Whether style and tone fit a professional setting.",
    "Readability": "Whether the answer is easy to read.",
    "ContextCoverage": "Whether the retrieved passages cover the reference.",
    "ContextRelevance": "Whether the retrieved passages have to do with the question.",
    "CitationPrecision": "Share of the cited passages that are cited rightly.",
    "CitationCoverage": "Whether the cited passages support the answer.",
}
_LESS_IS_BETTER = {
    "Harmfulness": "Whether the answer is harmful.",
    "Stereotyping": "Whether the answer holds a stereotype.",
    "Refusal": "Whether the answer refuses the question.",
    "Toxicity": "How toxic the answer is.",
}


def _bedrock(name: str, meaning: str, better: Better, range_: Range = SHARE) -> Metric:
    address = f"bedrock_evaluation.Builtin.{name}"
    return Metric(
        address, f"{meaning} Mean over the lines.", BEDROCK, range_, better, Unit.SCORE, Facets.WHOLE
    )


def _any(address: str, meaning: str, source: str, *, supported: bool = True) -> Metric:
    return Metric(
        address,
        meaning,
        source,
        UNBOUNDED,
        Better.NEITHER,
        Unit.AS_REPORTED,
        Facets.WHOLE,
        supported=supported,
    )


FAMILY = Family(
    "Bedrock Evaluations, evaluators of the SageMaker SDK, trainers",
    "By the names that the reports give their metrics and tasks.",
    (
        *(_bedrock(name, meaning, Better.HIGHER) for name, meaning in _MORE_IS_BETTER.items()),
        *(_bedrock(name, meaning, Better.LOWER) for name, meaning in _LESS_IS_BETTER.items()),
        _bedrock("Accuracy", "Agreement of the answer with the reference.", Better.HIGHER, SIGNED),
        _bedrock(
            "Robustness", "How much the answer changes with the prompt's spelling.", Better.LOWER, UNBOUNDED
        ),
        Metric(
            "bedrock_evaluation.<metric>.coverage",
            "Share of the lines that have a score by the metric.",
            BEDROCK,
            SHARE,
            Better.HIGHER,
            Unit.SHARE,
            Facets.WHOLE,
        ),
        _any(
            "bedrock_evaluation.<metric>", "Another metric, or one of your own. Mean over the lines.", BEDROCK
        ),
        _any(
            "sagemaker_benchmark.<task>.<metric>",
            "A metric of a benchmark or custom scorer; the task all is the whole.",
            SDK,
        ),
        _any("sagemaker_llm_judge.<metric>", "A score of the SDK's judge.", SDK),
        _any(
            "trainer_state.<name>",
            "A figure of Hugging Face's trainer, the last of the log.",
            TRAINER,
            supported=False,
        ),
    ),
)
