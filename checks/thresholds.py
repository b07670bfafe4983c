"""The models of a threshold file: which groups it applies to, and its checks."""

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, Self

from msgspec import Struct
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from checks.alike import alike
from checks.contradictions import find_contradictions
from checks.decision import Asked, Consequence
from checks.exact import ExactFloat, of_integer
from checks.facets import AskedFacet, parse_facet
from checks.limits import Limit, explain_allowance, limit_among
from checks.publication import Publication
from checks.verify_rule import VerifyPlan, find_verification_problems

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
GroupPattern = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9*?\[\]!-]+$", max_length=256)]
# The types of pydantic's errors that the reader of files tells itself, all of them.
CONTRADICTION = "contradiction"
MISUNDERSTOOD_RULE = "misunderstood_rule"
MAX_PATTERNS = 200  # each is held against each pattern of every other file


def _as_written(given: object, validate: ValidatorFunctionWrapHandler) -> float:
    """Validate a number as a double is, and keep the digits that a double cannot hold."""
    number: float = validate(given)
    if isinstance(given, ExactFloat):
        return given
    return of_integer(given) if isinstance(given, int) else number


Number = Annotated[float, Field(allow_inf_nan=False), WrapValidator(_as_written)]


def _rising(limits: tuple[float, float]) -> tuple[float, float]:
    low, high = limits
    if low > high:
        raise PydanticCustomError(
            "reversed", "the lower limit comes first: [{high}, {low}]", {"low": low, "high": high}
        )
    return limits


_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


def _read_date(given: object) -> date:
    """Return the day that is written as year, month, day; YAML's own dates are text here."""
    if isinstance(given, str) and re.fullmatch(_DATE, given):
        try:
            return date.fromisoformat(given)
        except ValueError as error:
            raise PydanticCustomError(
                "date", "there is no such day: {reason}", {"reason": str(error)}
            ) from None
    raise PydanticCustomError("date", "must be a day as 2027-03-31, not {given}", {"given": repr(given)})


Day = Annotated[date, BeforeValidator(_read_date)]


def _all_different(names: tuple[str, ...]) -> tuple[str, ...]:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise PydanticCustomError("repeated", 'names "{name}" twice; keep one', {"name": name})
    return names


Names = Annotated[tuple[Text, ...], Field(strict=False, min_length=1), AfterValidator(_all_different)]


class Mode(StrEnum):
    """Whether a decision changes the status of the version."""

    ENFORCE = "enforce"
    DRY_RUN = "dry_run"


def _check_verification(given: object) -> object:
    if problem := next(find_verification_problems(given), None):
        raise PydanticCustomError(MISUNDERSTOOD_RULE, "{problem}", {"problem": problem[1]})
    return given


VerifyRule = Annotated[Literal["recompute"] | VerifyPlan, BeforeValidator(_check_verification)]


class Reaction(StrEnum):
    """What something about the evidence as such asks for."""

    REJECT = "reject"
    REVIEW = "review"
    WARN = "warn"
    IGNORE = "ignore"

    @property
    def consequence(self) -> Consequence | None:
        """What a finding with this reaction asks for; `None`: there is no finding."""
        return None if self is Reaction.IGNORE else Consequence(self.value)


class BarRule(StrEnum):
    """What is made of thresholds that were published after the evidence was written: a record, or a rejection."""

    RECORD = "record"
    REQUIRED = "required"


class FirstVersion(StrEnum):
    """What a value asks for that there is no baseline for."""

    PASS = "pass"  # noqa: S105 - what a check comes to, and no password
    WARN = "warn"
    REVIEW = "review"
    REJECT = "reject"

    @property
    def consequence(self) -> Consequence | None:
        """What the finding asks for; `None`: it passes."""
        return None if self is FirstVersion.PASS else Consequence(self.value)


class Direction(StrEnum):
    """Which values of a metric are better."""

    HIGHER = "higher"
    LOWER = "lower"


def _check_allowance(given: object) -> object:
    if problem := explain_allowance(given):
        raise PydanticCustomError("allowance", "{problem}", {"problem": problem})
    return given


Allowance = Annotated[
    Literal[True]
    | Annotated[
        dict[Literal["absolute", "relative"], Annotated[Number, Field(json_schema_extra={"minimum": 0})]],
        Field(min_length=1, max_length=1),
    ],
    BeforeValidator(_check_allowance),
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class Check(_Model):
    """One metric held against one limit."""

    name: Text = Field(description="What the check is called in findings; unique within the file.")
    why: Text = Field(
        description="Why the check exists, in a sentence for the person whose version it stops."
    )
    metric: Text = Field(
        description="The address of the metric in the evidence, such as text_to_sql.execution_accuracy "
        "or bias.post_training.TE.",
        examples=["text_to_sql.execution_accuracy", "bias.post_training.DPPL", "rag.faithfulness"],
    )
    facet: Text | None = Field(
        default=None,
        description='Which groups the check is about: "*" for every facet and group, "column" for every group of one '
        'column, "column=value" for one group, "column>number" for the group above a number. Left out, the check is '
        "about the whole.",
        examples=["*", "region", "region=CA", "age>60"],
    )
    sensitive_features: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)] | None = Field(
        default=None,
        description="For a metric that ends in .sensitive_share, and only there: the features whose shares of the "
        "explanation add up to it, as the explainability report names them.",
        examples=[["sex", "age"]],
    )
    at_least: Number | None = Field(default=None, description="The value must be this or more.")
    at_most: Number | None = Field(default=None, description="The value must be this or less.")
    between: Annotated[tuple[Number, Number], Field(strict=False), AfterValidator(_rising)] | None = Field(
        default=None, description="The value must be in [low, high], both ends included."
    )
    target: Number | None = Field(
        default=None, description="The value must be within `tolerance` of this, both ends included."
    )
    tolerance: Annotated[Number, Field(ge=0, json_schema_extra={"minimum": 0})] | None = Field(
        default=None, description="How far the value may be from `target`; zero or more."
    )
    no_worse_than_baseline: Allowance | None = Field(
        default=None,
        description="The value must be no worse than the baseline's, that of the newest version below this one that "
        "was approved: `true`, or but for an amount (`absolute`), or for a share of the baseline's value (`relative`).",
        examples=[True, {"absolute": 0.01}, {"relative": 0.02}],
    )
    better: Annotated[Direction, Field(strict=False)] | None = Field(
        default=None,
        description="Which values are better than the baseline's, where the catalogue of metrics does not know.",
    )
    on_first_version: Annotated[FirstVersion, Field(strict=False)] | None = Field(
        default=None,
        description="What a value asks for that no baseline has: of a first version, or of a figure that is new. "
        "Left out, `review`.",
    )
    confidence: Annotated[float, Field(gt=0.5, lt=1, allow_inf_nan=False)] | None = Field(
        default=None,
        description="The one-sided level, above 0.5 and below 1, at which the bound of the value must clear the "
        "limit; needs evidence with a sample size or an interval. Left out, the value alone decides.",
        examples=[0.95],
    )
    family: Literal["holm"] | None = Field(
        default=None,
        description='For a check with `facet: "*"` and `confidence`, and only there: a group fails only where it would '
        "by Holm's step-down procedure over all groups, else it is inconclusive; what passes stays as it is. Left out, "
        "each group is held by itself.",
    )
    min_samples: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="With fewer scored items than this the check is inconclusive."
    )
    max_age_days: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="How old the report may be that the value is from, by the time at which S3 took it; what is "
        "older, or of unknown age, cannot be used. Left out, what the file says counts.",
        examples=[90],
    )
    on_failure: Annotated[Consequence, Field(strict=False)] = Field(
        default=Consequence.REJECT, description="What a value that misses the limit asks for."
    )
    on_missing: Annotated[Consequence, Field(strict=False)] = Field(
        default=Consequence.REJECT,
        description="What an absent or undefined metric asks for. Evidence that is there but cannot be used asks for "
        "the stricter of on_missing and on_failure.",
    )
    on_inconclusive: Annotated[Consequence, Field(strict=False)] = Field(
        default=Consequence.REVIEW,
        description="What a value too uncertain to tell, or resting on too few samples, asks for.",
    )

    @model_validator(mode="after")
    def _contradicts_itself_nowhere(self) -> Self:
        if problem := next(find_contradictions(self.__dict__), None):
            raise PydanticCustomError(CONTRADICTION, "{problem}", {"problem": problem})
        # Asked for here, they are there for whoever judges; to make them takes longer than to compare.
        _ = self.asked, self.plain
        return self

    @cached_property
    def asked_facet(self) -> AskedFacet:
        """Which facets the check is about."""
        return parse_facet(self.facet)

    @cached_property
    def limit(self) -> Limit:
        """What is asked of the value."""
        return limit_among(self.__dict__)

    @cached_property
    def asked(self) -> Asked:
        """What every finding of the check is about."""
        return Asked(self.name, self.metric, self.limit, self.why)

    @cached_property
    def plain(self) -> "PlainCheck | None":
        """What is left of a check of one value by a fixed limit; `None` of one that looks at more than that value."""
        whole = self.facet is None and self.sensitive_features is None
        if not (whole and self.max_age_days is None and self.limit.is_fixed):
            return None
        value_alone = self.confidence is None and self.min_samples is None
        return PlainCheck(self.asked, self.limit, alike(self.metric), self.on_failure, value_alone)


class PlainCheck(Struct, frozen=True):
    """A check that holds one value, that of the whole, against a fixed limit, at whatever age of the report.

    Most checks are such. Of a hundred thousand it takes longer to look up what a model of pydantic says than to hold
    the value against the limit: so it is here, side by side. `form` is that of all names of the metric. `value_alone`
    says that it asks neither for confidence nor for a number of samples.
    """

    asked: Asked
    limit: Limit
    form: str
    on_failure: Consequence
    value_alone: bool


class AppliesTo(_Model):
    """Which models a threshold file is about."""

    model_package_groups: Annotated[
        tuple[GroupPattern, ...], Field(strict=False, min_length=1, max_length=MAX_PATTERNS)
    ] = Field(
        description="Names of model package groups, or patterns with * ? [abc]; the most specific match counts.",
        examples=[["askdata-*"]],
    )
    mlflow_suffix: bool = Field(
        default=False,
        description="true: each of them also with a hyphen and six hexadecimal digits after it, as the group is called "
        "in which SageMaker's MLflow registers.",
    )


class Waiver(_Model):
    """What one check finds at one facet, let pass until a day by somebody who answers for the file."""

    check: Text = Field(description="The name of the check, of this file or inherited.")
    facet: Text | None = Field(
        default=None,
        description="Which group of the check is waived; the check's own facet for all of it. Left out only where the "
        "check is about the whole.",
        examples=["region=CA"],
    )
    reason: Annotated[Text, Field(max_length=500)] = Field(
        description="Why the version may pass all the same; shown with every decision."
    )
    approved_by: Text = Field(description="Who allows it: one of the file's owners.")
    expires: Day = Field(
        description="The last day on which it counts, as 2027-03-31, in UTC.", examples=["2027-03-31"]
    )

    @cached_property
    def asked_facet(self) -> AskedFacet:
        """Which facets are waived."""
        return parse_facet(self.facet)

    def is_in_force(self, today: date) -> bool:
        """Whether it still counts on the day `today` in UTC."""
        return today <= self.expires


def explain_overdue(review_by: date, today: date) -> str:
    """Return why a file's day of review is a matter on `today`, which is after it."""
    days = (today - review_by).days
    return (
        f"the file was to be looked at again by {review_by}, {days} day{'s'[: days != 1]} ago; let its owners review "
        "it, and write the next date"
    )


class ThresholdContent(_Model):
    """A threshold file: what a model version's evidence is held against before it is approved."""

    name: Text = Field(description="What the file is called in decisions.")
    description: Text | None = Field(default=None, description="What the file is for; for readers only.")
    extends: Text | None = Field(
        default=None,
        description="The file whose checks this one has, too: its name, or its path from here. What this file leaves "
        "out of the keys from owners on, it has from there.",
        examples=["organisation", "../organisation.yaml"],
    )
    applies_to: AppliesTo | None = Field(
        default=None,
        description="Which model package groups the file is about. Only a file that others extend may go without.",
    )
    owners: Names | None = Field(
        default=None,
        description="Who answers for the file, as they are called in the organisation.",
        examples=[["credit-risk@example.com"]],
    )
    review_by: Day | None = Field(
        default=None,
        description="The day, as 2027-03-31, by which the owners look at the file again; from the day after it (UTC) "
        "validate and every decision warn.",
        examples=["2027-03-31"],
    )
    max_age_days: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="How old a report may be for every check that does not say so itself. Left out, of any age.",
        examples=[90],
    )
    mode: Annotated[Mode, Field(strict=False)] = Field(
        default=Mode.ENFORCE,
        description="enforce: decisions change the status of versions. dry_run: decide and record, change no status.",
    )
    on_foreign_evidence: Annotated[Reaction, Field(strict=False)] = Field(
        default=Reaction.REVIEW,
        description="What a report asks for that is about another version: it names another group, image or model "
        "data, or was attached to another version before.",
    )
    on_unprotected_evidence: Annotated[Reaction, Field(strict=False)] = Field(
        default=Reaction.IGNORE,
        description="What a report asks for that no digest protects since the version was registered, so that it "
        "could be exchanged until it was judged; review or reject demands digests.",
    )
    bar_predates_evidence: Annotated[BarRule, Field(strict=False)] = Field(
        default=BarRule.RECORD,
        description="required: evidence that S3 took before these thresholds were published rejects, since limits that "
        "are chosen with the figures in sight prove nothing. record: the decision says so, and nothing more.",
    )
    verify: VerifyRule | None = Field(
        default=None,
        description="recompute: the figures are computed again from the version's item results, and those numbers are "
        "held against the limits; a reported figure that does not come out again rejects. A mapping does the same, and "
        "says how many items are scored again, and against what. Left out, what is reported counts.",
        examples=["recompute", {"sample": 50}, {"gold": {"text_to_sql": "s3://BUCKET/gold.jsonl"}}],
    )
    waivers: Annotated[tuple[Waiver, ...], Field(strict=False, min_length=1)] | None = Field(
        default=None,
        description="What is let pass for a time. The check is made and shown all the same, and the decision says so.",
    )
    remove_checks: Names | None = Field(
        default=None, description="Names of checks of the file that this one extends, which it does without."
    )
    checks: Annotated[tuple[Check, ...], Field(strict=False, min_length=1)] | None = Field(
        default=None,
        description="The checks, at least one unless the file extends another; findings come in this order. One with "
        "the name of an inherited check replaces that.",
    )


class Origin(Struct, frozen=True):
    """Where a check is written: the line of a source, and which of the checks there it is, counted from 0."""

    source: str
    line: int
    index: int

    def __str__(self) -> str:
        return f"{self.source}:{self.line}"


class SourceDigest(Struct, frozen=True):
    """One of the sources that a file is made of, and the SHA-256 of its bytes in lower-case hexadecimal."""

    source: str
    sha256: str


class ThresholdFile(Struct, frozen=True):
    """A threshold file as it counts, with what it has from the files that it extends.

    `sha256` is that of its bytes; of a file that extends others, that of the digests in `sources`, a line each.
    `sources` are the file itself, what it extends, and so on; none where it extends no other. `origins` say where each
    of `checks` is written. `owners` answer for the file. After the day `review_by` it is to be looked at again.
    `waivers` are all that it has, expired ones too, at most one for a check and facet. `publication` says since when
    it is in force, where it was published. `verify` is whether figures are computed again before they count.
    """

    name: str
    source: str
    sha256: str
    applies_to: tuple[str, ...]
    mode: Mode
    checks: tuple[Check, ...]
    on_foreign_evidence: Reaction = Reaction.REVIEW
    on_unprotected_evidence: Reaction = Reaction.IGNORE
    mlflow_suffix: bool = False
    owners: tuple[str, ...] = ()
    review_by: date | None = None
    origins: tuple[Origin, ...] = ()
    sources: tuple[SourceDigest, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    max_age_days: int | None = None
    bar_predates_evidence: BarRule = BarRule.RECORD
    publication: Publication | None = None
    verify: VerifyRule | None = None

    @property
    def sample_size(self) -> int | None:
        """How many items of a report are scored again; `None` where all are, or nothing is verified."""
        return self.verify.get("sample") if isinstance(self.verify, dict) else None

    @property
    def gold(self) -> Mapping[str, str]:
        """Where the gold of each family of reports is that items are held against."""
        gold = self.verify.get("gold", {}) if isinstance(self.verify, dict) else {}
        return {str(family): place for family, place in gold.items()}

    @property
    def databases(self) -> str | None:
        """Where the databases are that predicted SQL is run against again; `None` where none is run."""
        return self.verify.get("databases") if isinstance(self.verify, dict) else None

    def max_age_of(self, check: Check) -> int | None:
        """Return how many days old the evidence of one of the file's checks may be; `None` where of any age."""
        return self.max_age_days if check.max_age_days is None else check.max_age_days

    @property
    def asks_for_ages(self) -> bool:
        """Whether the decision rests on how old reports are."""
        return any(self.max_age_of(check) is not None for check in self.checks)

    @property
    def asks_for_baseline(self) -> bool:
        """Whether a check compares with the baseline."""
        return any(not check.limit.is_fixed for check in self.checks)

    @property
    def asks_for_items(self) -> bool:
        """Whether a check compares with the baseline item by item, where the items are there."""
        return any(not check.limit.is_fixed and check.confidence is not None for check in self.checks)

    def origin_of(self, place: int) -> Origin:
        """Where the check at `place` among `checks` is written."""
        return self.origins[place] if self.origins else Origin(self.source, 1, place)

    @property
    def own_places(self) -> tuple[int, ...]:
        """The places among `checks` of those that are written in this very file."""
        return tuple(
            place for place in range(len(self.checks)) if self.origin_of(place).source == self.source
        )
