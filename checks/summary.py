"""The decision in one paragraph, for the approval description of a model package."""

from collections.abc import Sequence

from checks.decision import Consequence, Outcome
from checks.decision_record import DecisionRecord, RecordedFinding
from checks.text import one_line, shortened

# What each consequence weighs, heaviest first.
_WEIGHT = {Consequence.REJECT: 0, Consequence.REVIEW: 1, Consequence.WARN: 2, None: 3}

# Tried in turn until all findings fit: how many characters of a name and of a reason are told.
_LENGTHS = ((10_000, 10_000), (60, 10_000), (60, 300))
_MOST_TOLD = 100  # sentences looked at; each has some twenty characters, and a description about a thousand


def summarise(record: DecisionRecord, limit: int = 1024) -> str:
    """Return the decision and its reasons in one line of at most `limit` characters, the heaviest reasons first.

    Where not all findings fit, their names are shortened, then their reasons, and then whole ones are dropped and
    counted. Characters are counted in UTF-16 code units, the strictest of the ways in which AWS's services count;
    line breaks and control characters, which SageMaker's pattern for `ApprovalDescription` refuses, become spaces,
    and marks that turn or hide text are left out.

    Raises:
        ValueError: when not even the decision fits.
    """
    stated = _sort_by_weight(record)
    head = next(
        (head for head in _write_heads(record) if _count_units(_join(head, [], len(stated))) <= limit), None
    )
    if head is None:
        raise ValueError(f"a summary cannot be told in {limit} characters")
    for most_of_names, most_of_reason in _LENGTHS:
        sentences = [
            _write_sentence(finding, most_of_names, most_of_reason) for finding in stated[:_MOST_TOLD]
        ]
        kept = _choose_fitting(head, sentences, len(stated), limit)
        if len(kept) == len(stated):
            break
    return _join(head, kept, len(stated))


def tell_reasons(record: DecisionRecord) -> tuple[str, ...]:
    """Return each finding that asks for something as one sentence in one line, the heaviest first."""
    most_of_names, most_of_reason = _LENGTHS[-1]
    return tuple(
        _write_sentence(finding, most_of_names, most_of_reason) for finding in _sort_by_weight(record)
    )


def fitting_description(text: str, limit: int = 1024) -> str:
    """Return `text` as an approval description: in one line of at most `limit` UTF-16 code units, a mark where it ends.

    Breaks, control characters and marks that turn or hide text are treated as in `summarise`.
    """
    line = one_line(text)
    if _count_units(line) <= limit:
        return line
    kept = list(line[:limit])  # a character is one unit or two, so no more than these fit
    while _count_units("".join(kept)) >= limit:
        kept.pop()
    return "".join(kept) + "…"


def _sort_by_weight(record: DecisionRecord) -> Sequence[RecordedFinding]:
    return sorted(
        (f for f in record.findings if f.consequence is not None),
        key=lambda f: (_WEIGHT[f.consequence], f.waiver is None),
    )


def _choose_fitting(head: str, sentences: Sequence[str], stated: int, limit: int) -> list[str]:
    kept: list[str] = []
    for sentence in sentences:
        if _count_units(_join(head, [*kept, sentence], stated)) <= limit:
            kept.append(sentence)
    return kept


def _join(head: str, kept: Sequence[str], stated: int) -> str:
    dropped = stated - len(kept)
    rest = [f"{dropped} more finding{'s' if dropped > 1 else ''} in the decision record."] if dropped else []
    return " ".join((head, *kept, *rest))


def _write_heads(record: DecisionRecord) -> Sequence[str]:
    passed = sum(finding.outcome is Outcome.PASSED for finding in record.findings)
    waived = sum(finding.waiver is not None for finding in record.findings)
    let_pass = f", {waived} waived" if waived else ""
    count = f"{passed} of {len(record.findings)} findings passed{let_pass}."
    plain = f"{record.headline}: {count}"
    if record.thresholds is None:
        return [plain]
    by = ", by" if record.is_approved_by_waiver else " by"
    return [one_line(f'{record.headline}{by} thresholds "{record.thresholds.name}": {count}'), plain]


def _write_sentence(finding: RecordedFinding, most_of_names: int, most_of_reason: int) -> str:
    check = shortened(one_line(finding.check), most_of_names)
    facet = "" if finding.facet is None else f" [{shortened(one_line(finding.facet), most_of_names)}]"
    effect = "" if finding.consequence is Consequence.REJECT else f", {finding.consequence}"
    if finding.waiver is not None:
        approver = shortened(one_line(finding.waiver.approved_by), most_of_names)
        effect = f", waived until {finding.waiver.expires} by {approver}"
    reason = shortened(one_line(finding.reason).rstrip("."), most_of_reason)
    return f"{check}{facet} ({finding.outcome}{effect}): {reason}."


def _count_units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
