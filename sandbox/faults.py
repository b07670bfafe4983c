"""What may go wrong in AWS: values that the embedded AWS follows, with the seed that says where it goes wrong.

None of it is a defect: each field names the text of AWS that allows for it.
"""

import difflib
import random
import threading
from collections import Counter
from collections.abc import Iterable
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Mishap = Literal[
    "events lost",
    "events doubled",
    "events late",
    "calls throttled",
    "writes refused as conflicts",
    "executions refused by the quota",
]


class FaultsError(ValueError):
    """A fault that is not one of the sandbox's, or whose value makes no sense; the message says which."""


class Faults(BaseModel):
    """What goes wrong from now on. Without arguments it is AWS on a good day, with AWS's own quota.

    As calls come in the order in which threads make them, two runs
    with one seed have the same number of faults, not the same ones.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=0, description="Picks which events and which calls it is.")
    concurrent_executions: int = Field(
        default=20,
        ge=1,
        description="How many pipeline executions may run at once; one more is refused with `ResourceLimitExceeded`, "
        "as the quotas of SageMaker are: https://docs.aws.amazon.com/general/latest/gr/sagemaker.html",
    )
    repeated_token: Literal["same", "conflict"] = Field(
        default="same",
        description="What `StartPipelineExecution` answers to a `ClientRequestToken` that it had: the same execution, "
        "or `ConflictException`. AWS's page promises one execution, and lists the error: "
        "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StartPipelineExecution.html",
    )
    throttled: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="The share of all calls that are refused with the throttling error of their service: "
        "https://docs.aws.amazon.com/sagemaker/latest/APIReference/CommonErrors.html",
    )
    conflicts: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="The share of conditional writes that S3 answers with 409 `ConditionalRequestConflict`, after "
        "which the upload is to be tried again: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html",
    )
    lost_every: int = Field(
        default=0,
        ge=0,
        description="One event in so many is never delivered; 0: none. Events of services come durably or, as "
        "SageMaker's, at best effort: https://docs.aws.amazon.com/eventbridge/latest/ref/events.html",
    )
    doubled_every: int = Field(
        default=0,
        ge=0,
        description="One event in so many comes twice; 0: none. SageMaker may send several for one change: "
        "https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html",
    )
    late_every: int = Field(
        default=0,
        ge=0,
        description="One event in so many comes late, and so after later ones; 0: none. EventBridge promises no order: "
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html",
    )
    late_seconds: float = Field(default=1.0, ge=0, description="How many seconds late.")
    event_times: Literal["text", "milliseconds"] = Field(
        default="text",
        description="How events write their times: AWS's samples have text for model packages, and milliseconds for "
        "others: https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html",
    )
    without_last_modified: bool = Field(
        default=False,
        description="Whether events of model packages lack `LastModifiedTime`; AWS publishes a sample that has it, "
        "and no schema.",
    )

    @classmethod
    def parse(cls, settings: Iterable[str]) -> "Faults":
        """Read `name=value` settings, as `throttled=0.05`.

        Raises:
            FaultsError: one has no such name, no value, or one that makes no sense.
        """
        pairs = [setting.partition("=") for setting in settings]
        for name, equals, _ in pairs:
            if not equals:
                raise FaultsError(f"{name}: write name=value, as in throttled=0.05")
            if name not in cls.model_fields:
                near = difflib.get_close_matches(name, cls.model_fields, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(cls.model_fields)}"
                raise FaultsError(f"{name}: no fault of the sandbox; {hint}")
        try:
            return cls.model_validate({name: value for name, _, value in pairs})
        except ValidationError as error:
            first = error.errors()[0]
            raise FaultsError(f"{first['loc'][0]}={first['input']}: {first['msg']}") from error


class ActiveFaults:
    """Which faults are in force, where they strike, and how often they did."""

    def __init__(self, settings: Faults | None = None) -> None:
        self._lock = threading.Lock()
        self._settings = settings or Faults()
        self._asked: Counter[str] = Counter()
        self._met: Counter[str] = Counter()

    @property
    def settings(self) -> Faults:
        """The faults that are in force."""
        return self._settings

    def put_in_force(self, settings: Faults) -> None:
        """Follow these from now on, counting from the beginning."""
        with self._lock:
            self._settings = settings
            self._asked.clear()
            self._met.clear()

    def strikes_one_in(self, every: int, mishap: Mishap, about: str) -> bool:
        """Whether it goes wrong now, as it does once in each `every` times for what `about` names; never for 0."""
        number = self._number(mishap, about)
        if not every:
            return False
        block, place = divmod(number, every)
        return self._counted(self._random(mishap, about, block).randrange(every) == place, mishap)

    def strikes_share(self, share: float, mishap: Mishap, about: str) -> bool:
        """Whether it goes wrong now, as it does for a `share` of the times for what `about` names."""
        number = self._number(mishap, about)
        return self._counted(self._random(mishap, about, number).random() < share, mishap)

    def count(self, mishap: Mishap) -> None:
        """Count a mishap that chance has no part in."""
        self._counted(True, mishap)

    def met(self) -> dict[str, int]:
        """Return how often each mishap happened since these faults are in force."""
        with self._lock:
            return {mishap: self._met[mishap] for mishap in get_args(Mishap)}

    def _number(self, mishap: Mishap, about: str) -> int:
        with self._lock:
            self._asked[f"{mishap}/{about}"] += 1
            return self._asked[f"{mishap}/{about}"] - 1

    def _random(self, mishap: Mishap, about: str, number: int) -> random.Random:
        return random.Random(f"{self._settings.seed}/{mishap}/{about}/{number}")  # noqa: S311 - no secret

    def _counted(self, strikes: bool, mishap: Mishap) -> bool:
        with self._lock:
            self._met[mishap] += strikes
        return strikes
