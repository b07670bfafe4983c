"""What a deployed function is told by its environment, as models that the stack and the functions share.

The stack builds a function's environment with `to_environment` from the very model that the function reads back
with `from_environment`, so that a name cannot differ between the two. Only the standard library is imported here:
`start_pipeline` loads this module and nothing heavier.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import asdict, fields

from checks.errors import GovernanceError

PREFIX = "GOVERNANCE_"
NOBODY = "none"
KEPT = "kept"
LEFT_OUT = "left-out"
PIPELINE_NAME = "model-governance"
STACK_NAME = "ModelGovernance"
THRESHOLDS_FOLDER = "thresholds"
DECISIONS_FOLDER = "decisions"
EVERY_GROUP = "*"
# Of a group that SageMaker's MLflow names, after the model's name; checks/selection.py tells where it comes from.
MLFLOW_SUFFIX = "-??????"
RESULTS_FOLDER = "step-results"
CLAIMS_FOLDER = "evidence-claims"
COPIES_FOLDER = "judged-evidence"
RESULT_FILE = "result.json"
RECORD_SUFFIX = ".json"
OUTCOME_SUFFIX = ".outcome.json"
UNDECIDED_SUFFIX = ".undecided.json"
PAGE_SUFFIX = ".html"
# The event that tells programs of a decision.
DECISION_SOURCE = "model-governance"
DECISION_DETAIL_TYPE = "Model Governance Decision"
# Below the folder of a version, in a folder of each reviewer; no suffix ends as one of those above does.
REVIEWS_FOLDER = "reviews"
REVIEW_SUFFIX = ".review.json"
REVIEW_OUTCOME_SUFFIX = ".reviewed.json"


class StepSettingsError(GovernanceError):
    """The environment of a function lacks a setting."""


class UngovernedGroups(StrEnum):
    """What becomes of a version that no threshold file applies to: it is left alone, or judged as one for review."""

    IGNORE = "ignore"
    REVIEW = "review"


class SeparationOfDuties(StrEnum):
    """Whether a version has to be approved by somebody else than who registered it."""

    REQUIRED = "required"
    NOT_REQUIRED = "not_required"


class StartPipelineSettings(Struct, frozen=True):
    """The pipeline that is started, the account and region whose model packages it governs, and its decisions.

    `thresholds_bucket` says which groups are governed, `ungoverned_groups` what is done about the others.
    `model_package_groups` are the patterns that the deployment is held to, with commas between them. `seal_key` is the
    ARN of the KMS key by which a decision record is known to be the gate's. `groups_elsewhere` are the groups of model
    accounts' own registries and `artifact_buckets` their artifact buckets, as `read_places` reads them; the copies of
    what is in these are in `evidence_bucket`. `evidence_deadline_hours` is a number, as text.
    """

    pipeline_name: str
    account: str
    region: str
    thresholds_bucket: str
    decisions_bucket: str
    seal_key: str
    model_package_groups: str
    ungoverned_groups: UngovernedGroups
    evidence_bucket: str = NOBODY
    groups_elsewhere: str = NOBODY
    artifact_buckets: str = NOBODY
    evidence_deadline_hours: str = "0"


class ReconcileSettings(Struct, frozen=True):
    """The pipeline whose versions are reconciled, where its decisions are, and the bounds of one run.

    What is not said here is as `StartPipelineSettings` have it.

    `max_starts_per_run` is how many executions one run starts or retries at most, `decide_within_hours` how old a
    change may get before the version counts as undecided. Both are numbers, as text.
    """

    pipeline_name: str
    decisions_bucket: str
    seal_key: str
    thresholds_bucket: str
    model_package_groups: str
    ungoverned_groups: UngovernedGroups
    max_starts_per_run: str
    decide_within_hours: str
    evidence_bucket: str = NOBODY
    groups_elsewhere: str = NOBODY
    artifact_buckets: str = NOBODY
    evidence_deadline_hours: str = "0"


class ApprovalSettings(Struct, frozen=True):
    """The pipeline, account and region whose approvals are looked at, and what explains them.

    `model_package_groups` are the patterns that the deployment is held to, with commas between them.
    `separation_of_duties` says whether the approval of a reviewer counts who registered the version.
    """

    pipeline_name: str
    account: str
    region: str
    thresholds_bucket: str
    decisions_bucket: str
    seal_key: str
    model_package_groups: str
    separation_of_duties: SeparationOfDuties
    groups_elsewhere: str = NOBODY


class EvaluateSettings(Struct, frozen=True):
    """The buckets that evaluation reads from and writes to; it touches no others.

    `seal_key` is the ARN of the KMS key that decision records are sealed with. `readable_buckets` are the names of the
    buckets that evidence is read from, with commas between them, the stack's own among them. `item_results` is
    `KEPT` or `LEFT_OUT`: whether reports that hold single items are kept among the copies of what was judged.
    `artifact_buckets` are those of model accounts, as `read_places` reads them, whose copies are in `evidence_bucket`.
    """

    evidence_bucket: str
    readable_buckets: str
    item_results: str
    thresholds_bucket: str
    decisions_bucket: str
    seal_key: str
    artifact_buckets: str = NOBODY


class UpdateSettings(Struct, frozen=True):
    """The bucket of the decision records, that of the thresholds in force, and the key that records are sealed with."""

    decisions_bucket: str
    thresholds_bucket: str
    seal_key: str


class PageSettings(Struct, frozen=True):
    """The bucket of the decision records, its account and region, and the key that records are sealed with."""

    account: str
    region: str
    decisions_bucket: str
    seal_key: str


class AnnounceSettings(Struct, frozen=True):
    """Where decisions are, how they are known to be genuine, and where and to whom they are announced.

    `decision_bus` and `decisions_topic` are ARNs. `notify_on` are the decisions that people are told of, with commas
    between them; `report_pages` is `KEPT` or `LEFT_OUT`: whether a page is written beside each record.
    """

    account: str
    region: str
    decisions_bucket: str
    seal_key: str
    separation_of_duties: SeparationOfDuties
    decision_bus: str
    decisions_topic: str
    notify_on: str
    report_pages: str


class CopySettings(Struct, frozen=True):
    """The model account, its region and the bucket that is copied from, and the evidence bucket that is copied into."""

    account: str
    region: str
    artifact_bucket: str
    evidence_bucket: str


Settings = (
    StartPipelineSettings
    | ReconcileSettings
    | ApprovalSettings
    | EvaluateSettings
    | UpdateSettings
    | PageSettings
    | AnnounceSettings
    | CopySettings
)
_SettingsT = TypeVar(
    "_SettingsT",
    StartPipelineSettings,
    ReconcileSettings,
    ApprovalSettings,
    EvaluateSettings,
    UpdateSettings,
    PageSettings,
    AnnounceSettings,
    CopySettings,
)


def write_places(places: Iterable[tuple[str, str]]) -> str:
    """Return what is in other accounts, given by account and name, as a setting says it."""
    return ",".join(f"{account}/{name}" for account, name in places) or NOBODY


def read_places(text: str) -> tuple[tuple[str, str], ...]:
    """Read what `write_places` wrote."""
    if text == NOBODY:
        return ()
    return tuple((account, name) for account, _, name in (place.partition("/") for place in text.split(",")))


def to_environment(settings: Settings) -> dict[str, str]:
    """Return the environment variables that say `settings`."""
    return {PREFIX + name.upper(): str(value) for name, value in asdict(settings).items()}


def from_environment(model: type[_SettingsT], environment: Mapping[str, str]) -> _SettingsT:
    """Read `model` back out of `environment`.

    Raises:
        StepSettingsError: naming every variable that is missing or empty, or one that is none of its choices.
    """
    names = {field.name: PREFIX + field.name.upper() for field in fields(model)}
    missing = [variable for variable in names.values() if not environment.get(variable)]
    if missing:
        raise StepSettingsError(
            f"the environment lacks {', '.join(missing)}: deploy the stack again, or set them as it does"
        )
    values: dict[str, Any] = {name: environment[variable] for name, variable in names.items()}
    for field in fields(model):
        if isinstance(field.type, type) and issubclass(field.type, StrEnum):
            values[field.name] = _read_choice(field.type, names[field.name], values[field.name])
    return model(**values)


def _read_choice(choices: type[StrEnum], variable: str, value: str) -> StrEnum:
    try:
        return choices(value)
    except ValueError:
        raise StepSettingsError(
            f"{variable} is {value!r}, not {' or '.join(choices)}: deploy the stack again, or set it as it does"
        ) from None
