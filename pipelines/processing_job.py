"""Step one as a Processing job: the same evaluation, its inputs as arguments, its answer as a file."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import asdict, replace

from aws.clients import s3_client
from aws.gold_store import S3GoldStore
from checks.errors import GovernanceError
from pipelines.evaluate_model_package import evaluate_model_package
from pipelines.json_log import log
from pipelines.recomputed_evidence import RecomputedFigures
from pipelines.step_messages import EvaluateRequest, field_names, read_request
from pipelines.step_services import evaluate_services
from pipelines.step_settings import RESULT_FILE, EvaluateSettings, from_environment

# SageMaker takes the reason of a failed job from this file, and of it the first 1,024 characters.
FAILURE_MESSAGE = Path("/opt/ml/output/message")


def main(arguments: Sequence[str]) -> int:
    """Evaluate, write the answer into the result folder, and return the exit code: 1 when nothing was decided."""
    parser = argparse.ArgumentParser(prog="evaluate-model-package", allow_abbrev=False)
    for name in ("result_folder", *field_names(EvaluateRequest)):
        parser.add_argument(f"--{name}", required=True)
    given = vars(parser.parse_args(arguments))
    try:
        request = read_request(EvaluateRequest, given)
        settings = from_environment(EvaluateSettings, os.environ)
        services = evaluate_services(settings, request)
        gold = S3GoldStore(s3_client(), settings.thresholds_bucket)
        figures = RecomputedFigures(services.evidence, services.copies, services.seals, gold)
        # Only here: computing figures again may take more time and memory than a function has.
        services = replace(services, recompute=figures.recompute)
        response = evaluate_model_package(request, services, now=datetime.now(UTC))
    except GovernanceError as error:
        _report_failure(str(error))
        return 1
    log("evaluated", model_package_arn=request.model_package_arn, **asdict(response))
    folder = Path(given["result_folder"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RESULT_FILE).write_text(json.dumps(asdict(response)), encoding="utf-8")
    return 0


def _report_failure(message: str) -> None:
    log("not evaluated", error=message)
    print(message, file=sys.stderr)
    if FAILURE_MESSAGE.parent.is_dir():
        FAILURE_MESSAGE.write_text(message[:1024], encoding="utf-8")
