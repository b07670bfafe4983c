import json
import os
import subprocess
import sys
from pathlib import Path

from infra.bundle import ROOT

JSII_CACHE = Path.home() / ".cache" / "aws" / "jsii" / "package-cache"

# jsii talks to its Node process by pipes, so no connection at all is needed.
PROGRAM = """
import runpy, socket
def refuse(*args, **kwargs): raise AssertionError("the synthesis reached for the network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
runpy.run_module("infra.app", run_name="__main__")
"""


def run_app(outdir: Path, **context: str) -> subprocess.CompletedProcess[str]:
    """Run the app as the CDK command does, with nothing known about any AWS account."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    # jsii unpacks the CDK once in a home, which takes it half a minute: that of the user has it.
    environment.setdefault("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(JSII_CACHE))
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env=environment
        | {"CDK_OUTDIR": str(outdir), "CDK_CONTEXT_JSON": json.dumps(context), "HOME": str(outdir)}
        # It takes longer than all else, and only warns: the templates are linted in test_cloudformation_rules.py.
        | {"CDK_VALIDATION": "false"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_stack_is_synthesised_without_account_credentials_or_network(
    bundle: Path, tmp_path: Path
) -> None:
    answer = run_app(tmp_path, stack_name="Gate", python_version=f"3.{sys.version_info.minor}")
    assert answer.returncode == 0, answer.stderr
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["artifacts"]["Gate"]["environment"] == "aws://unknown-account/unknown-region"
    assert not manifest.get("missing")
    assert (tmp_path / "Gate.template.json").exists()


def test_a_wrong_context_is_one_message_and_no_traceback(tmp_path: Path) -> None:
    answer = run_app(tmp_path, python_version="2.7", removal_policy="maybe")
    assert answer.returncode == 2
    (message,) = [line for line in answer.stderr.splitlines() if not line.startswith("b'")]
    assert message.startswith("error: the settings cannot be deployed: python_version: String should match")
    assert "removal_policy: Input should be 'retain' or 'destroy'" in message
