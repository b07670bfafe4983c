"""A workbench of one threshold file and three versions of the past, running in a thread, for tests of its server."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from checks.evidence import Document, Evidence
from checks.impact import PastVersion
from checks.reports import read_report
from cli.workbench.bench import Bench
from cli.workbench.server import WorkbenchServer

FILE = """\
# The bar of the churn models.
name: churn
owners: [ann@example.com]
applies_to: {model_package_groups: [churn]}
checks:
  - name: accuracy  # of the test set
    why: Because <b>people</b> rely on it.
    metric: a.b
    at_least: 0.80  # agreed in spring
"""


HEIR = """\
name: team
extends: churn
applies_to: {model_package_groups: [churn-team]}
checks:
  - {name: recall, why: Because., metric: a.c, at_least: 0.5}
"""


def past_version(number: int, value: float) -> PastVersion:
    """Version `number` of the group, whose only figure is `value`."""
    content = f'{{"a_metrics": {{"b": {{"value": {value}}}}}}}'.encode()
    evidence = Evidence((read_report(Document("evaluation.json", content)),))
    return PastVersion("churn", number, f"e{number}.json", evidence, datetime(2026, 3, number, tzinfo=UTC))


@contextmanager
def running_workbench(**others: str) -> Iterator[str]:
    """Write `FILE` as churn.yaml into the working directory, and give the URL of a workbench of it.

    `others` are the texts of further files, by their names without the suffix.
    """
    texts = {f"{name}.yaml": text for name, text in {"churn": FILE, **others}.items()}
    for name, text in texts.items():
        Path(name).write_text(text, encoding="utf-8")
    versions = [past_version(1, 0.7), past_version(2, 0.85), past_version(3, 0.95)]
    server = WorkbenchServer(Bench({name: text.encode() for name, text in texts.items()}, versions))
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server.url
    server.stop()
    thread.join()
