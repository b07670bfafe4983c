"""The steps of a workflow, run by bash as a runner of GitHub Actions runs them, with its files and variables."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
ACTION = ROOT / "action.yml"
CI = ROOT / "examples" / "ci"
# `gh api`, of one pull request: comments are files of a folder, whose names are their numbers.
GH = r"""#!/bin/bash
set -eu
echo "$*" >>"$COMMENTS/../gh.log"
for word in "$@"; do case $word in body=@*) body=${word#body=@};; esac; done
case "$*" in
  *PATCH*) number=$(grep -oE 'comments/[0-9]+' <<<"$*"); cp "$body" "$COMMENTS/${number#*/}";;
  *POST*) cp "$body" "$COMMENTS/$((100 + $(ls "$COMMENTS" | wc -l)))";;
  *) for file in "$COMMENTS"/*; do if [[ $(head -n1 "$file") == "$MARKER" ]]; then basename "$file"; fi; done;;
esac
"""
_EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")
_CONDITION = re.compile(r"(\S+) (==|!=) '(.*)'")


def read_yaml(path: Path) -> Any:
    """Read a workflow; `on` stays a word."""
    return yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)


@dataclass
class Run:
    """What came of the steps of a job: the code of the step that failed, the log, and what each step put out."""

    code: int = 0
    failed: str | None = None
    log: str = ""
    summary: str = ""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Runner:
    """A machine with a work folder, the `governance` that the steps call, and `gh`."""

    folder: Path
    governance: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def prepare(self) -> "Runner":
        """Make the folders, and put the programs where the steps look for them."""
        for place in ("temp/model-gate/bin", "bin", "comments", "work"):
            (self.folder / place).mkdir(parents=True)
        for place in ("temp/model-gate/bin", "bin"):
            (self.folder / place / "governance").symlink_to(self.governance)
        (self.folder / "bin" / "gh").write_text(GH)
        (self.folder / "bin" / "gh").chmod(0o755)
        return self

    @property
    def work(self) -> Path:
        """The folder that the steps run in."""
        return self.folder / "work"

    @property
    def comments(self) -> list[str]:
        """The comments of the pull request, oldest first."""
        return [path.read_text() for path in sorted((self.folder / "comments").iterdir())]

    def run(self, steps: list[dict[str, Any]], values: Mapping[str, str], *, skip: set[str]) -> Run:
        """Run the steps that have a script, but those named in `skip`, up to the one that fails.

        `values` are those of expressions, as `inputs.group`; the values of steps are added as they come.
        """
        known, run = dict(values), Run()
        for step in steps:
            name = str(step.get("name", ""))
            if "run" not in step or name in skip or not _holds(step.get("if"), known):
                continue
            code = self._run_step(step, known, run)
            if code != 0 and step.get("continue-on-error") != "true":
                run.code, run.failed = code, name
                break
        return run

    def _run_step(self, step: Mapping[str, Any], known: dict[str, str], run: Run) -> int:
        files = {name: self.folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for path in files.values():
            path.write_text("")
        given = {name: _fill(text, known) for name, text in step.get("env", {}).items()}
        # A step that names its shell is run with pipefail, others are not.
        options = ["--noprofile", "--norc", "-eo", "pipefail"] if "shell" in step else ["-e"]
        done = subprocess.run(
            ["bash", *options, "-c", step["run"]],
            cwd=self.work,
            env={**self.machine(), **given, **{name: str(path) for name, path in files.items()}},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        run.log += done.stdout
        run.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        lines = files["GITHUB_OUTPUT"].read_text().splitlines()
        outputs = dict(line.split("=", 1) for line in lines)
        if "id" in step:
            run.outputs[step["id"]] = outputs
            known.update({f"steps.{step['id']}.outputs.{name}": value for name, value in outputs.items()})
        return done.returncode

    def machine(self) -> dict[str, str]:
        """Return the variables of the machine, as every step has them."""
        return {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "RUNNER_TEMP": str(self.folder / "temp"),
            "COMMENTS": str(self.folder / "comments"),
            "GITHUB_REPOSITORY": "somebody/model",
            **self.environment,
        }


def _fill(text: str, known: Mapping[str, str]) -> str:
    return _EXPRESSION.sub(lambda match: known[match[1]], text)


def _holds(condition: str | None, known: Mapping[str, str]) -> bool:
    """Tell whether a step is run: its conditions are comparisons, all of which must hold."""
    for part in condition.split(" && ") if condition else ():
        match = _CONDITION.fullmatch(part)
        assert match is not None, condition
        if (known[match[1]] == match[3]) != (match[2] == "=="):
            return False
    return True


def action_values(**inputs: str) -> dict[str, str]:
    """Return the values of the action's expressions: its inputs with their defaults, in a pull request."""
    declared = read_yaml(ACTION)["inputs"]
    values = {f"inputs.{name}": str(one.get("default", "")) for name, one in declared.items()}
    values |= {f"inputs.{name.replace('_', '-')}": text for name, text in inputs.items()}
    return values | {"github.event_name": "pull_request", "github.event.pull_request.number": "7"}


def action_steps() -> list[dict[str, Any]]:
    """Return the steps of the reusable action."""
    steps: list[dict[str, Any]] = read_yaml(ACTION)["runs"]["steps"]
    return steps
