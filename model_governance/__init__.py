"""The model gate from Python: score, check, assert, register, wait.

    >>> from model_governance import check
    >>> record = check("thresholds.yaml", "evidence")  # doctest: +SKIP
    >>> record.decision  # doctest: +SKIP
    <Verdict.APPROVED: 'Approved'>

What is listed here is stable and documented in docs/python-api.md; whatever is below other modules of this package
is not, and may change with any version. A name is imported when it is asked for: `check` loads no pandas, and no AWS
SDK unless something in S3 is named.
"""

from importlib import import_module

# Not that of typing, whose import the process would wait for that text-to-SQL begins before all else.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from model_governance.bias import Above as Above
    from model_governance.bias import BiasTable as BiasTable
    from model_governance.bias import Facet as Facet
    from model_governance.bias import Values as Values
    from model_governance.bias import bias_report as bias_report
    from model_governance.bias import score_bias as score_bias
    from model_governance.errors import AwsError as AwsError
    from model_governance.errors import GovernanceError as GovernanceError
    from model_governance.errors import ThresholdFileError as ThresholdFileError
    from model_governance.feedback import FeedbackColumns as FeedbackColumns
    from model_governance.feedback import FeedbackScale as FeedbackScale
    from model_governance.feedback import score_feedback as score_feedback
    from model_governance.judgement import DecisionRecord as DecisionRecord
    from model_governance.judgement import Verdict as Verdict
    from model_governance.judgement import assert_meets_thresholds as assert_meets_thresholds
    from model_governance.judgement import check as check
    from model_governance.rag import RagSettings as RagSettings
    from model_governance.rag import score_rag as score_rag
    from model_governance.registration import NewVersion as NewVersion
    from model_governance.registration import OnlyIf as OnlyIf
    from model_governance.registration import RegisteredVersion as RegisteredVersion
    from model_governance.registration import WouldBeWorseError as WouldBeWorseError
    from model_governance.registration import register as register
    from model_governance.text_to_sql import TextToSqlSettings as TextToSqlSettings
    from model_governance.text_to_sql import score_text_to_sql as score_text_to_sql
    from model_governance.waiting import Waited as Waited
    from model_governance.waiting import wait_for as wait_for


# Each module of this package, with the optional dependencies that it needs and the names that it gives.
_HOMES = {
    ".bias": ("scoring", ("Above", "BiasTable", "Facet", "Values", "bias_report", "score_bias")),
    ".errors": ("cli", ("AwsError", "GovernanceError", "ThresholdFileError")),
    ".feedback": ("scoring", ("FeedbackColumns", "FeedbackScale", "score_feedback")),
    ".judgement": ("cli", ("DecisionRecord", "Verdict", "assert_meets_thresholds", "check")),
    ".rag": ("rag", ("RagSettings", "score_rag")),
    ".registration": (
        "cli",
        ("NewVersion", "OnlyIf", "RegisteredVersion", "WouldBeWorseError", "register"),
    ),
    ".text_to_sql": ("scoring", ("TextToSqlSettings", "score_text_to_sql")),
    ".waiting": ("cli", ("Waited", "wait_for")),
}
_BY_NAME = {name: (module, extra) for module, (extra, names) in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import what is asked for.

    Raises:
        ImportError: it needs a package that is not installed; the message says what to install.
    """
    if name not in _BY_NAME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, extra = _BY_NAME[name]
    try:
        return getattr(import_module(module, __name__), name)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"model_governance.{name}: the package {error.name} is not installed; install "
            f'"sagemaker-model-governance[{extra}]"'
        ) from error


def __dir__() -> list[str]:
    """Name what there is, imported or not."""
    return sorted({*globals(), *_BY_NAME})
