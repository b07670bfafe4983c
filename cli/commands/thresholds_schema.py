"""`governance thresholds schema`: the JSON Schema of threshold files."""

from cli.options.output_format import print_json


def command() -> None:
    """Print the JSON Schema of threshold files, for editors that complete and check YAML."""
    from checks.threshold_schema import thresholds_schema

    print_json(thresholds_schema())
