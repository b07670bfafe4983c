from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields

from pipelines.step_settings import (
    CopySettings,
    EvaluateSettings,
    StartPipelineSettings,
    StepSettingsError,
    UpdateSettings,
    from_environment,
    to_environment,
)

MODELS = (StartPipelineSettings, EvaluateSettings, UpdateSettings, CopySettings)


@given(data=st.data(), model=st.sampled_from(MODELS))
def test_what_the_stack_sets_is_what_the_function_reads(data: st.DataObject, model: Any) -> None:
    text = st.text(min_size=1)
    values = {
        field.name: data.draw(text if field.type is str else st.sampled_from(field.type))
        for field in fields(model)
    }
    settings = model(**values)
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


def test_a_choice_that_there_is_not_is_named_with_those_that_there_are() -> None:
    environment = {f"GOVERNANCE_{field.name.upper()}": "x" for field in fields(StartPipelineSettings)}
    environment["GOVERNANCE_UNGOVERNED_GROUPS"] = "reveiw"
    with pytest.raises(
        StepSettingsError, match="GOVERNANCE_UNGOVERNED_GROUPS is 'reveiw', not ignore or review: deploy"
    ):
        from_environment(StartPipelineSettings, environment)
