from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.step_settings import (
    EvaluateSettings,
    StartPipelineSettings,
    StepSettingsError,
    UpdateSettings,
    from_environment,
    to_environment,
)

MODELS = (StartPipelineSettings, EvaluateSettings, UpdateSettings)


@given(model=st.sampled_from(MODELS), values=st.lists(st.text(min_size=1), min_size=5, max_size=5))
def test_what_the_stack_sets_is_what_the_function_reads(model: Any, values: list[str]) -> None:
    settings = model(*values[: len(fields(model))])
    environment = to_environment(settings)
    assert from_environment(model, {**environment, "PATH": "/bin"}) == settings
    assert all(name.startswith("GOVERNANCE_") for name in environment)


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(
        StepSettingsError,
        match="lacks GOVERNANCE_THRESHOLDS_BUCKET, GOVERNANCE_SEAL_KEY: deploy the stack again",
    ):
        from_environment(
            UpdateSettings, {"GOVERNANCE_DECISIONS_BUCKET": "d", "GOVERNANCE_THRESHOLDS_BUCKET": ""}
        )
