"""Where settings are written: in the CDK context (`-c name=value`, `cdk.json`), and in one file that it names.

`-c settings=deployment.yaml` names the file, YAML or JSON. What the context says itself goes before the file.
"""

import difflib
import json
import re
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from infra.deployment_settings import DeploymentSettings

FILE = "settings"
PAGE = "docs/deploying.md"  # documents the settings of the gate
# The CDK's own context keys have a colon, a slash or an at sign: `aws:cdk:...`, `@aws-cdk/...`, `vpc-provider:...`.
_PLAIN_NAME = re.compile(r"[^:/@]+")

_Settings = TypeVar("_Settings", bound=BaseModel)


class DeploymentSettingsError(Exception):
    """Settings that cannot be deployed; the message names each one, and what it may be."""


def read_settings(context: Mapping[str, object], *, region: str | None = None) -> DeploymentSettings:
    """Read the gate's settings from the CDK context and the file that it names, as `read_settings_of` does."""
    return read_settings_of(DeploymentSettings, context, region=region, page=PAGE)


def read_settings_of(
    model: type[_Settings], context: Mapping[str, object], *, region: str | None, page: str
) -> _Settings:
    """Read settings from the CDK context and the file that it names; `region` is used where neither names one.

    `page` documents them and is named in messages. The command line gives text (`-c log_retention_days=30`), where
    lists and mappings are JSON; `cdk.json` and the file give numbers, lists and mappings.

    Raises:
        DeploymentSettingsError: naming every setting that is unknown or wrong.
    """
    own = {
        name: _read_json(value)
        for name, value in context.items()
        if _PLAIN_NAME.fullmatch(name) and name != FILE and value is not None
    }
    written: Mapping[str, object] = {} if context.get(FILE) is None else _read_file(context[FILE], page)
    try:
        elsewhere: dict[str, object] = {} if region is None else {"region": region}
        return model.model_validate({**elsewhere, **written, **own})
    except ValidationError as error:
        found = error.errors(include_url=False)
        file = context.get(FILE)
        in_file = any(detail["loc"] and detail["loc"][0] in written.keys() - own.keys() for detail in found)
        place = f"{file}: " if in_file else ""
        problems = "; ".join(_describe(model, detail) for detail in found)
        raise DeploymentSettingsError(f"{place}the settings cannot be deployed: {problems}") from error


def _read_json(value: object) -> object:
    """The command line gives a list or a mapping as its JSON."""
    if not isinstance(value, str) or not value.startswith(("[", "{")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value  # the model says what it should be


def _read_file(name: object, page: str) -> dict[str, Any]:
    """Return the settings that a file holds.

    Raises:
        DeploymentSettingsError: there is no such file, or it holds no settings.
    """
    try:
        text = Path(str(name)).read_text(encoding="utf-8")
        content = yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader
        json.dumps(content, default=str)  # as problems show it
    except (OSError, UnicodeDecodeError) as error:
        raise DeploymentSettingsError(
            f"{name}: cannot be read as a settings file: {error}; check what -c {FILE}= names"
        ) from error
    except yaml.YAMLError as error:
        raise DeploymentSettingsError(f"{name}: not YAML or JSON: {' '.join(str(error).split())}") from error
    except (ValueError, TypeError, RecursionError) as error:
        # A number of thousands of digits, a day that no month has, an alias of what it is in.
        raise DeploymentSettingsError(
            f"{name}: a value in it cannot be read ({error}); write plain text, numbers and lists"
        ) from error
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise DeploymentSettingsError(
            f"{name}: holds no settings; write one `name: value` a line, as {page} lists them"
        )
    return {key: value for key, value in content.items() if value is not None}


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML in which a key that is there twice is an error, not the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        for (key_node, _), key in zip(node.value, keys, strict=True):
            if keys.count(key) > 1:
                raise yaml.MarkedYAMLError(
                    problem=f"{key}: is there twice; leave one out", problem_mark=key_node.start_mark
                )
        return super().construct_mapping(node, deep=deep)


def _describe(model: type[BaseModel], detail: ErrorDetails) -> str:
    """One problem: where it is, what it is, and the way out."""
    place = detail["loc"]
    where = _path(place)
    if detail["type"] == "extra_forbidden":
        return f"{where}: unknown setting; {_suggest(str(place[-1]), _names_beside(model, place))}"
    message = detail["msg"].removeprefix("Value error, ")
    if not where:
        return message
    example = _example(model, place)
    shown = f"; for example {example}" if example else ""
    if detail["type"] == "missing":
        return f"{where}: not given{shown or '; give it'}"
    given = json.dumps(detail["input"], default=str, ensure_ascii=False)
    quoted = "; write text in quotes" if detail["type"] == "string_type" else ""
    return f"{where}: {message}, not {given}{quoted}{shown}"


def _path(place: Sequence[int | str]) -> str:
    """The name of a setting: `evidence_buckets[0].name`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


def _suggest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f'did you mean "{near[0]}"?' if near else f"there are {', '.join(sorted(known))}"


def _names_beside(model: type[BaseModel], place: Sequence[int | str]) -> list[str]:
    """The settings that there are where `place` is."""
    around = _model_around(model, place)
    return [*around.model_fields, *([FILE] if around is model else [])]


def _example(model: type[BaseModel], place: Sequence[int | str]) -> str | None:
    """An example of the setting at `place`, or of the list that it is in, where its field has one."""
    while isinstance(place[-1], int):
        place = place[:-1]
    field = _model_around(model, place).model_fields.get(str(place[-1]))
    return json.dumps(field.examples[0]) if field is not None and field.examples else None


def _model_around(model: type[BaseModel], place: Sequence[int | str]) -> type[BaseModel]:
    """The mapping of settings that the last part of `place` is in, from the whole `model` down."""
    for part in place[:-1]:
        field = model.model_fields.get(str(part))
        if field is not None:
            model = _model_in(field.annotation)
    return model


def _model_in(annotation: Any) -> type[BaseModel]:
    """The model that a type holds, in a list or beside `None` too; one without fields where it holds none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in found if model is not BaseModel), BaseModel)
