"""The table of commands: what the user types, the module that does it, and the line that help shows.

To add a command, write its module and one row here. A module is imported when its command runs, and not before.
"""

from cli.lazy import CommandEntry

GROUPS = {
    "thresholds": "Start, check, describe and publish threshold files.",
    "score": "Score predictions into the evidence that the gate reads.",
    "sandbox": "An embedded AWS on this machine, with the stack in it.",
}

COMMANDS = (
    CommandEntry("check", "cli.check:command", "Judge local reports against a threshold file; no AWS."),
    CommandEntry("explain", "cli.explain:command", "Show a decision record, or how a version stands."),
    CommandEntry("status", "cli.status:command", "How a version is, or the newest of a group, and why."),
    CommandEntry("list", "cli.list_versions:command", "List groups with their newest versions and status."),
    CommandEntry("history", "cli.history:command", "A group's versions with their checked values, charted."),
    CommandEntry("register", "cli.register:command", "Upload evidence and register a version, pending."),
    CommandEntry("wait", "cli.wait:command", "Wait for a version's decision; exit with its code."),
    CommandEntry("collect", "cli.collect:command", "Ask a model a benchmark's questions.", extra="safety"),
    CommandEntry("thresholds init", "cli.thresholds_init:command", "Write a threshold file to start from."),
    CommandEntry("thresholds validate", "cli.thresholds:validate", "List every problem in threshold files."),
    CommandEntry("thresholds schema", "cli.thresholds:schema", "Print the JSON Schema of threshold files."),
    CommandEntry(
        "thresholds publish", "cli.thresholds:publish", "Put threshold files where the gate reads them."
    ),
    CommandEntry(
        "score text-to-sql",
        "cli.score.text_to_sql:command",
        "Score generated SQL by running it.",
        extra="scoring",
        writes_evidence=True,
    ),
    CommandEntry(
        "score rag",
        "cli.score.rag:command",
        "Score a RAG system's answers with RAGAS.",
        extra="rag",
        writes_evidence=True,
    ),
    CommandEntry(
        "score feedback",
        "cli.score.feedback:command",
        "Score people's ratings: NPS and mean.",
        extra="scoring",
        writes_evidence=True,
    ),
    CommandEntry(
        "score bias",
        "cli.score.bias:app",
        "Compute Clarify's bias metrics.",
        extra="scoring",
        writes_evidence=True,
    ),
    CommandEntry(
        "score safety",
        "cli.score.safety:app",
        "Score the safety benchmarks.",
        extra="safety",
        writes_evidence=True,
    ),
    CommandEntry(
        "sandbox up",
        "cli.sandbox:up",
        "Keep an embedded AWS running; print its environment.",
        extra="sandbox",
    ),
    CommandEntry(
        "sandbox demo", "cli.sandbox:demo", "Register the examples and show each decision.", extra="sandbox"
    ),
)
