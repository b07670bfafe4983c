"""Step one as a Lambda step: adapts the pipeline's call to `pipelines.evaluate_model_package`."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec.structs import asdict

from pipelines.evaluate_model_package import evaluate_model_package
from pipelines.json_log import log, logging_failure
from pipelines.step_messages import EvaluateRequest, read_request
from pipelines.step_services import evaluate_services
from pipelines.step_settings import EvaluateSettings, from_environment


def handler(event: Mapping[str, object], context: object) -> dict[str, str]:
    """Judge the version that `event` names; raises when nothing can be decided, which fails the step."""
    del context
    with logging_failure("not evaluated", event=event):
        request = read_request(EvaluateRequest, event)
        services = evaluate_services(from_environment(EvaluateSettings, os.environ), request)
        response = asdict(evaluate_model_package(request, services, now=datetime.now(UTC)))
    log("evaluated", event=event, **response)
    return response
