"""The table of commands: what the user types, the module that does it, and the line that help shows.

To add a command, write its module and one row here. A module is imported when its command runs or shows its help; it is
the signature, and imports what the command does within its function.
"""

from cli.lazy import CommandEntry

GROUPS = {
    "thresholds": "Start, check, show and publish threshold files.",
    "score": "Score predictions into the evidence that the gate reads.",
    "iam": "Policies for those who work with the gate.",
    "stack": "The deployed stack.",
    "sandbox": "An embedded AWS on this machine, with the stack in it.",
}

COMMANDS = (
    CommandEntry("check", ".commands.check:command", "Judge local reports against a threshold file."),
    CommandEntry(
        "explain", ".commands.explain:command", "Show a decision record, or a version's status and why."
    ),
    CommandEntry("replay", ".commands.replay:command", "Make a decision again, and compare with its record."),
    CommandEntry(
        "audit", ".commands.audit:command", "Decisions, waivers, overrides and what is unexplained."
    ),
    CommandEntry(
        "status", ".commands.status:command", "How a version is, or the newest of a group, and why."
    ),
    CommandEntry(
        "list", ".commands.list_versions:command", "List groups with their newest versions and status."
    ),
    CommandEntry(
        "history", ".commands.history:command", "A group's versions with their checked values, charted."
    ),
    CommandEntry(
        "report", ".commands.report:command", "Write a decision as a page with charts.", extra="pages"
    ),
    CommandEntry(
        "register", ".commands.register:command", "Upload evidence and register a version, pending."
    ),
    CommandEntry("wait", ".commands.wait:command", "Wait for a version's decision; exit with its code."),
    CommandEntry("review", ".commands.review:command", "Approve or reject what the gate left to people."),
    CommandEntry("rejudge", ".commands.rejudge:command", "Have a version judged again by what is in force."),
    CommandEntry(
        "collect", ".commands.collect:command", "Ask a model a benchmark's questions.", extra="safety"
    ),
    CommandEntry(
        "thresholds init", ".commands.thresholds_init:command", "Write a threshold file to start from."
    ),
    CommandEntry(
        "thresholds validate",
        ".commands.thresholds_validate:command",
        "List every problem in threshold files.",
    ),
    CommandEntry(
        "thresholds show",
        ".commands.thresholds_show:command",
        "Show the checks that a group is judged by.",
    ),
    CommandEntry(
        "thresholds impact",
        ".commands.thresholds_impact:command",
        "What an edit would have done to past versions.",
        extra="pages",  # of --format html alone
    ),
    CommandEntry(
        "workbench",
        ".commands.workbench:command",
        "Move limits on a local page; past versions answer.",
        extra="workbench",
    ),
    CommandEntry(
        "thresholds schema",
        ".commands.thresholds_schema:command",
        "Print the JSON Schema of threshold files.",
    ),
    CommandEntry(
        "thresholds publish",
        ".commands.thresholds_publish:command",
        "Put a folder of threshold files in force.",
    ),
    CommandEntry(
        "thresholds list",
        ".commands.thresholds_list:command",
        "List what is in force, since when, by whom.",
    ),
    CommandEntry(
        "thresholds diff",
        ".commands.thresholds_diff:command",
        "Show what differs between two sets of files.",
    ),
    CommandEntry(
        "thresholds get",
        ".commands.thresholds_get:command",
        "Fetch the threshold files in force.",
    ),
    CommandEntry(
        "thresholds withdraw",
        ".commands.thresholds_withdraw:command",
        "Take a file out of those in force.",
    ),
    CommandEntry(
        "thresholds rollback",
        ".commands.thresholds_rollback:command",
        "Put an earlier version in force again.",
    ),
    CommandEntry(
        "score text-to-sql",
        ".commands.score_text_to_sql:command",
        "Score generated SQL by running it.",
        extra="scoring",
        writes_evidence=True,
    ),
    CommandEntry(
        "score rag",
        ".commands.score_rag:command",
        "Score a RAG system's answers by RAGAS' metrics.",
        extra="rag",
        writes_evidence=True,
    ),
    CommandEntry(
        "score feedback",
        ".commands.score_feedback:command",
        "Score people's ratings: NPS and mean.",
        extra="scoring",
        writes_evidence=True,
    ),
    CommandEntry(
        "score bias",
        ".commands.score_bias:app",
        "Compute Clarify's bias metrics.",
        extra="scoring",
        writes_evidence=True,
    ),
    CommandEntry(
        "score safety",
        ".commands.score_safety:app",
        "Score the safety benchmarks.",
        extra="safety",
        writes_evidence=True,
    ),
    CommandEntry(
        "iam bypass-guard",
        ".commands.iam_bypass_guard:command",
        "Print statements that deny deciding beside the gate.",
    ),
    CommandEntry(
        "iam policy",
        ".commands.iam_policy:command",
        "Print what an engineer, CI, a reviewer or an auditor needs.",
    ),
    CommandEntry(
        "stack empty",
        ".commands.stack_empty:command",
        "Delete what is in a stack's buckets, before the stack.",
    ),
    CommandEntry(
        "redrive", ".commands.redrive:command", "Put back events that a stack's dead-letter queues hold."
    ),
    CommandEntry(
        "sandbox up",
        ".commands.sandbox:up",
        "Keep an embedded AWS running; print its environment.",
        needs_checkout=True,
    ),
    CommandEntry(
        "sandbox demo",
        ".commands.sandbox:demo",
        "Register the examples and show each decision.",
        needs_checkout=True,
    ),
)
