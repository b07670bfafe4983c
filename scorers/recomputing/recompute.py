"""A report and its items in, the same figures computed again out."""

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from msgspec import Struct

from checks.catalogue.metric import without_gap
from checks.errors import GovernanceError
from checks.measurements import Measurement, Unmeasured
from checks.reports.evaluation import PROVENANCE, write_evaluation
from checks.strict_json import JsonValue, ReportError, parse_report_json
from checks.verification import draw_items
from checks.verify_rule import TEXT_TO_SQL
from checks.version import NAME, VERSION
from scorers.group_figures import HERE
from scorers.recomputing.gold import Gold, find_other_than_gold, parse_gold
from scorers.recomputing.item_lines import Alteration, ItemsError, parse_items
from scorers.recomputing.labels import has_known_group
from scorers.recomputing.recomputed import Recompute, Recomputed, ReportToRecompute

# Named, not imported: pandas and the like are paid for by the reports that need them.
_FAMILIES: Mapping[str, str] = {
    "text_to_sql": "text_to_sql:recompute",
    "rag": "rag:recompute",
    "feedback": "feedback:recompute",
    "bbq": "safety:recompute_bbq",
    "toxicity": "safety:recompute_toxicity",
    "memorization": "safety:recompute_memorization",
    "disinformation": "safety:recompute_disinformation",
    "bias": "bias:recompute",
    "labels": "labels:recompute",
}
FAMILIES = tuple(_FAMILIES)


class RecomputedReport(Struct, frozen=True):
    """The report that came out, as bytes, and what differs in the items that it came out of."""

    content: bytes
    items: int
    scored: int
    altered: tuple[Alteration, ...]
    family: str
    how: str


class TrustedData(Struct, frozen=True):
    """What the governance team keeps, and no registrant can write: each is fetched when a report asks for it.

    `find_gold` returns the bytes of the gold of a family, and `find_databases` the folder of the databases, or `None`
    where there are none. Both raise `GovernanceError`.
    """

    find_gold: Callable[[str], bytes | None]
    find_databases: Callable[[], Path | None]


def recompute_report(
    content: bytes,
    items: bytes,
    *,
    sample: int | None = None,
    seed: str | None = None,
    trusted: TrustedData | None = None,
) -> RecomputedReport:
    """Compute the figures of a report again from its items; `content` and `items` are bytes of unknown origin.

    Where a family scores items again and `sample` is given, so many are drawn by `seed`. With `trusted` the items are
    held against gold, and SQL is run again.

    Raises:
        ItemsError: nothing can be computed; the message says why, and the way out.
        GovernanceError: what is trusted cannot be fetched.
    """
    try:
        document = parse_report_json(content)
    except (ReportError, RecursionError) as error:
        raise ItemsError(f"the report cannot be read: {error}") from error
    if not isinstance(document, Mapping):
        raise ItemsError(_OF_OTHERS)
    family, recompute = _find_family(document)
    parsed = parse_items(items)
    gold = None if trusted is None else _find_gold(trusted, family)
    databases = trusted.find_databases() if trusted is not None and family == TEXT_TO_SQL else None
    report = ReportToRecompute(document, parsed, draw_items(len(parsed), sample, seed), gold, databases)
    # First: do the items say what the governance team knows of them? Figures of others prove nothing.
    altered = [] if gold is None else list(find_other_than_gold(parsed, gold))
    try:
        found = recompute(report)
        written = _write(family, found, len(parsed))
    except ModuleNotFoundError as error:
        raise ItemsError(
            f"its scorer needs {error.name}, which is not installed here; install the extra scoring, or let the "
            "Processing job run an image that has it (image_uri)"
        ) from error
    except ItemsError:
        raise
    except (GovernanceError, ValueError, OverflowError) as error:
        raise ItemsError(
            f"its items come to nothing: {error}; register the file that scoring wrote"
        ) from error
    altered += found.altered
    return RecomputedReport(written, len(parsed), found.scored, tuple(altered), family, found.how)


def _find_gold(trusted: TrustedData, family: str) -> Gold | None:
    content = trusted.find_gold(family)
    return None if content is None else parse_gold(content)


def _find_family(document: Mapping[str, JsonValue]) -> tuple[str, Recompute]:
    provenance = document.get(PROVENANCE)
    scorer = provenance.get("scorer") if isinstance(provenance, Mapping) else None
    kind = scorer.get("kind") if isinstance(scorer, Mapping) else None
    if "post_training_bias_metrics" in document or "pre_training_bias_metrics" in document:
        kind = "bias"
    elif kind is None and has_known_group(document):
        kind = "labels"
    if not isinstance(kind, str) or kind not in _FAMILIES:
        raise ItemsError(_OF_OTHERS)
    module, _, name = _FAMILIES[kind].partition(":")
    found: Callable[[ReportToRecompute], Recomputed] = getattr(import_module(f".{module}", __package__), name)
    return kind, found


_OF_OTHERS = (
    "no scorer of this project wrote the report; take its checks out of a file that asks to verify, or score the "
    "version with governance score"
)


def _write(family: str, found: Recomputed, items: int) -> bytes:
    """Return the report that came out: the same figures always give the same bytes."""
    about: dict[str, JsonValue] = {
        "recomputed": {
            "by": {"name": NAME, "version": VERSION, "kind": family},
            "how": found.how,
            "items": items,
            "scored": found.scored,
        }
    }
    if found.document is not None:
        document: Mapping[str, JsonValue] = {**found.document, PROVENANCE: about}
    else:
        measured = [_leave_undone(one, found.undone) for one in found.measurements]
        document = write_evaluation(measured, about)
    return (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _leave_undone(one: Measurement, undone: Mapping[str, str]) -> Measurement:
    """Return a figure as a gap, where its metric, or that of its gap between groups, could not be scored again."""
    reason = undone.get(without_gap(one.metric))
    return one if reason is None else Unmeasured(one.metric, reason, HERE, one.facet)
