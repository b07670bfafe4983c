"""Write `expected_decision.json` again for the example versions that are named.

Run from the repository: `.venv/bin/python examples/expect.py examples/gatsby-rag/version-1 …`. Read what changed
before you commit it: the file says what the version must get, whatever the code does.
"""

import contextlib
import json
import sys
import tempfile
from pathlib import Path

from checks.decision_record import parse_record
from cli.main import run
from demo.examples import EXPECTED_DECISION, ExampleVersion, comparable


def write_expectation(version: ExampleVersion) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(version.folder.parent):
        output = Path(folder) / "decision.json"
        evidence = version.evidence.relative_to(version.folder.parent)
        run(["check", version.thresholds.name, "-e", str(evidence), "--format", "json", "-o", str(output)])
        record = parse_record(output.read_bytes())
    content = json.dumps(comparable(record), indent=2) + "\n"
    (version.folder / EXPECTED_DECISION).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        write_expectation(ExampleVersion(Path(name).resolve()))
