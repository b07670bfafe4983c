"""The pipeline's definition for this deployment, made from a template that is built once.

Importing the SageMaker SDK takes longer than everything else in a synthesis. So the definition is built with names in
the place of this deployment's values and kept under `build/`, by the digest of the code that builds it; the values,
which are mostly tokens of CDK, are put in afterwards. `python -m infra.definition_template` builds the one for an
evaluation by a function, in a process of its own beside a synthesis that has other work to do.
"""

import hashlib
import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from msgspec.structs import asdict, replace

from infra.bundle import ROOT
from infra.kept_files import keep_file
from infra.settings_sources import DeploymentSettingsError
from pipelines import definition, step_messages, step_settings
from pipelines.definition import (
    EvaluationCompute,
    LambdaCompute,
    ProcessingCompute,
    managed_image_uri,
    pipeline_definition,
)

_BUILD = ROOT / "build"
_SHARED = ("update_function_arn", "thresholds_uri", "decisions_uri")
_BUILDERS = (definition, step_messages, step_settings)


def definition_body(
    *,
    evaluation: EvaluationCompute,
    update_function_arn: str,
    thresholds_uri: str,
    decisions_uri: str,
    build: Path = _BUILD,
) -> str:
    """Return what `pipelines.definition.pipeline_definition` returns, as JSON."""
    values = {
        "update_function_arn": update_function_arn,
        "thresholds_uri": thresholds_uri,
        "decisions_uri": decisions_uri,
        **_list_texts(evaluation),
    }
    template = build_template(evaluation, build=build)
    for name, value in values.items():
        template = template.replace(_name(name), json.dumps(value)[1:-1])
    return template


def build_template(evaluation: EvaluationCompute, *, build: Path = _BUILD) -> str:
    """Return the definition with names in the place of values, building it unless it is under `build` already."""
    named = _name_values(evaluation)
    shared = {name: _name(name) for name in _SHARED}
    return _keep(_template_path(evaluation, build), lambda: pipeline_definition(evaluation=named, **shared))


def is_template_built(evaluation: EvaluationCompute, *, build: Path = _BUILD) -> bool:
    """Whether `build_template` would find it built."""
    return _template_path(evaluation, build).exists()


def _template_path(evaluation: EvaluationCompute, build: Path) -> Path:
    names = sorted([*_SHARED, *_list_texts(evaluation)])
    return _path(build, f"definition {_name_values(evaluation)} {names}")


def image_uri(region: str, *, build: Path = _BUILD) -> str:
    """Return what `pipelines.definition.managed_image_uri` returns.

    Raises:
        DeploymentSettingsError: the SageMaker SDK knows no image of AWS in this region.
    """
    try:
        return _keep(_path(build, f"image {region}"), lambda: managed_image_uri(region))
    except ValueError as error:
        raise DeploymentSettingsError(
            f"region: the SageMaker SDK knows no scikit-learn image of AWS in {region}; pass -c image_uri= with an "
            "image of yours that has Python 3.12, or leave out -c evaluation_compute=processing"
        ) from error


def _name(value: str) -> str:
    return f"<<{value}>>"


def _list_texts(evaluation: EvaluationCompute) -> dict[str, str]:
    """The values of a compute that differ from one deployment to the next."""
    texts = {name: value for name, value in asdict(evaluation).items() if isinstance(value, str)}
    environment = evaluation.environment if isinstance(evaluation, ProcessingCompute) else {}
    return texts | {f"environment.{name}": value for name, value in environment.items()}


def _name_values(evaluation: EvaluationCompute) -> EvaluationCompute:
    """The compute with names for its values."""
    texts = {name: _name(name) for name in _list_texts(evaluation) if not name.startswith("environment.")}
    if isinstance(evaluation, ProcessingCompute):
        environment = {name: _name(f"environment.{name}") for name in evaluation.environment}
        return replace(evaluation, **texts, environment=environment)  # all are text
    return replace(evaluation, **texts)


def _path(build: Path, what: str) -> Path:
    digest = hashlib.sha256(f"{what} {version('sagemaker')}".encode())
    for module in _BUILDERS:
        digest.update(Path(str(module.__file__)).read_bytes())
    return build / f"definition-{digest.hexdigest()[:32]}.json"


def _keep(path: Path, make: Callable[[], str]) -> str:
    def write(draft: Path) -> None:
        draft.write_text(make(), encoding="utf-8")

    return keep_file(path, write).read_text(encoding="utf-8")


if __name__ == "__main__":
    build_template(LambdaCompute(""))
