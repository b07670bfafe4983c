"""Step two as a Lambda step: adapts the pipeline's call to `pipelines.update_model_status`."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec.structs import asdict

from pipelines.json_log import log, logging_failure
from pipelines.step_messages import UpdateRequest, read_request
from pipelines.step_services import update_services
from pipelines.step_settings import UpdateSettings, from_environment
from pipelines.update_model_status import update_model_status


def handler(event: Mapping[str, object], context: object) -> dict[str, str]:
    """Carry out the decision that `event` names; raises when that cannot be done, which fails the step."""
    del context
    with logging_failure("not updated", event=event):
        request = read_request(UpdateRequest, event)
        services = update_services(from_environment(UpdateSettings, os.environ), request)
        response = asdict(update_model_status(request, services, now=datetime.now(UTC)))
    log("status settled", event=event, **response)
    return response
