"""The system that a team with an AWS account would deploy: a model on Amazon Bedrock, through the Converse API."""

from collections.abc import Mapping

from aws.bedrock import BedrockChat
from systems.catalog import Catalog

MAXIMUM_TOKENS = 400
PROMPT = """You write one Presto SQL query that answers the analyst's question. Write the SQL only, without Markdown.

Tables:
{schema}

Question: {question}"""


def describe_schema(catalog: Catalog) -> str:
    """Return the tables, each column with its description and values, as the prompt shows them."""
    lines = []
    for view, table in catalog.tables.items():
        lines.append(f"{table}:")
        for dimension in catalog.dimensions(view):
            values = f" (one of {', '.join(dimension.values)})" if dimension.values else ""
            lines.append(f"  {dimension.sql}: {dimension.description}{values}")
    return "\n".join(lines)


class Bedrock:
    """One model on Bedrock at temperature 0; credentials and region are boto3's."""

    def __init__(self, catalog: Catalog, chat: BedrockChat) -> None:
        self._schema = describe_schema(catalog)
        self._chat = chat

    def settings(self) -> Mapping[str, str | int | float | bool]:
        """Return the model id and the decoding settings."""
        description = {name: str(value) for name, value in self._chat.description.items()}
        return {"system": "bedrock", **description, "prompt": PROMPT}

    def predict(self, question: str) -> str:
        """Return the model's whole answer.

        Raises:
            aws.aws_errors.AwsError: Bedrock refused, or did not answer.
        """
        return self._chat.converse(PROMPT.format(schema=self._schema, question=question)).text.strip()
