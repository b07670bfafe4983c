"""Outputs of decisions for other tools: comments, test reports, annotations; each a module with a function.

To add one, write its module and a line in `OUTPUTS`, and its name in `cli.options.output_format.DecisionFormat`.
"""

from collections.abc import Callable, Mapping, Sequence

from checks.outputs.github import write_annotations
from checks.outputs.junit import write_junit
from checks.outputs.markdown import write_markdown
from checks.outputs.sarif import write_sarif
from checks.outputs.told import Told

OUTPUTS: Mapping[str, Callable[[Sequence[Told]], str]] = {
    "markdown": write_markdown,
    "junit": write_junit,
    "sarif": write_sarif,
    "github": write_annotations,
}
