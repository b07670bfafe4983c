"""Where an OpenAI-compatible server is; its client's library is loaded by who asks it, in `openai_compatible`."""

from msgspec import Struct


class Server(Struct, frozen=True):
    """Where the server is, and how long to wait for it (seconds). Without `url` and `key`, OpenAI's own variables."""

    url: str | None = None
    key: str | None = None
    timeout_seconds: float = 60.0
