"""Cases of adversarial evidence: a document, checks over its figures, faults, and what the gate may make of it.

The oracle knows the answer by construction. A case begins with flawless evidence and checks that it meets; then faults
are done to it, each of which takes the proof from figures that are known. While a check that rejects or asks for review
covers such a figure, the version must not be approved. Where nothing was done, it must be.
"""

import copy
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from checks.decision import Verdict
from checks.evidence import Document, Evidence
from checks.judge import judge
from checks.reports import read_report
from tests.adversarial.hostile_evidence.documents import (
    FORMATS,
    Built,
    Fault,
    Figure,
    Literal,
    drop,
    encode,
    put,
)
from tests.fixed_times import DECIDED_AT
from tests.threshold_files import parse_thresholds

STRICT = ("reject", "review")
NOT_NUMBERS: tuple[object, ...] = (
    None,
    True,
    "n/a",
    "",
    "0.99",
    "NaN",
    "-Infinity",
    [],
    {},
    [Literal("0.99")],
    {"vlaue": Literal("0.99")},
    Literal("NaN"),
    Literal("Infinity"),
    Literal("-Infinity"),
    Literal("1e999"),
    Literal("-1e999"),
)
UNREADABLE = (
    b"",
    b"{",
    b"null",
    b'"0.99"',
    b"\xff\xfe{\x00}\x00",
    b'{"g_metrics": {"a": 1, "a": 2}}',
    b'{"g_metrics": {"a": {"value": 0.9}}',
    b"[" * 100_000,
    b"PK\x03\x04 no archive",
    b"<html>not found</html>",
)


@dataclass(frozen=True, slots=True)
class Case:
    """One case: what is given to the gate, and what it must and must not say."""

    seed: int
    format: str
    faults: tuple[str, ...]
    documents: tuple[Document, ...]
    thresholds: bytes
    may_be_approved: bool
    must_be_approved: bool

    def verdict(self) -> Verdict:
        """What the gate makes of it."""
        evidence = Evidence(tuple(map(read_report, self.documents)))
        return judge(parse_thresholds(self.thresholds, "case.yaml"), evidence, decided_at=DECIDED_AT).verdict

    def problem(self) -> str | None:
        """Return what is wrong with the gate's answer, or `None`."""
        verdict = self.verdict()
        if verdict is Verdict.APPROVED and not self.may_be_approved:
            return "approved without proof"
        if verdict is not Verdict.APPROVED and self.must_be_approved:
            return f"{verdict} although nothing is wrong"
        return None


@dataclass(frozen=True, slots=True)
class _Check:
    """One check, which figures it covers, and whether it stops a version."""

    keys: dict[str, object]
    covers: tuple[int, ...]
    strict: bool
    at_least: bool
    limit: Decimal


def case_of(seed: int) -> Case:
    """Return the case of a seed; the same seed always gives the same case."""
    rng = random.Random(seed)
    built = rng.choice(FORMATS)(rng)
    checks = _checks(rng, built.figures)
    extra: list[Document] = []
    done: list[Fault] = []
    spoilt_all = False
    content = copy.deepcopy(built.content)
    # Of ten cases eight have a fault, one a second report beside the first, and one is flawless.
    kind = rng.random()
    if kind < 0.8:
        fault = rng.choice([*built.faults, *_faults_of_any_format(rng, built, checks)])
        fault.apply(content)
        done.append(fault)
    elif kind < 0.9:
        name, extra, hits = _second_report(rng, built)
        spoilt_all = hits is None
        done.append(Fault(name, lambda _: None, hits or ()))
    # A strict check about a figure that a fault has hit may not pass.
    hit = {figure for fault in done for figure in fault.hits}
    unproven = any(check.strict and hit.intersection(check.covers) for check in checks)
    any_strict = any(check.strict for check in checks)
    write = built.encode or (lambda value: encode(value).encode())
    return Case(
        seed=seed,
        format=built.format,
        faults=tuple(fault.name for fault in done),
        documents=(Document(built.name, write(content)), *extra),
        thresholds=_threshold_file(checks),
        may_be_approved=not (unproven or spoilt_all),
        must_be_approved=not done and any_strict,
    )


def _checks(rng: random.Random, figures: Sequence[Figure]) -> list[_Check]:
    """Make a check for each metric as a whole, and for its facets together or one by one."""
    groups: dict[tuple[str, str | None], list[int]] = {}
    together = {figure.metric: rng.random() < 0.7 for figure in figures}
    for index, figure in enumerate(figures):
        facet = "*" if figure.facet is not None and together[figure.metric] else figure.facet
        groups.setdefault((figure.metric, facet), []).append(index)
    return [
        _check(rng, number, address, [figures[i] for i in covers], tuple(covers))
        for number, (address, covers) in enumerate(groups.items())
        if number == 0 or rng.random() < 0.8
    ]


def _check(
    rng: random.Random,
    number: int,
    address: tuple[str, str | None],
    figures: Sequence[Figure],
    covers: tuple[int, ...],
) -> _Check:
    metric, facet = address
    strict = number == 0 or rng.random() < 0.8
    at_least = rng.random() < 0.5 and not figures[0].is_burden
    room = rng.choice([Decimal(0), Decimal("0.001"), Decimal("0.2")])
    values = [figure.value for figure in figures]
    if figures[0].sensitive:  # computed from several numbers: its last digits are not known
        room += Decimal("0.001")
    limit = min(values) - room if at_least else max(values) + room
    consequences = {
        key: rng.choice(STRICT) if strict else "warn"
        for key in ("on_failure", "on_missing", "on_inconclusive")
    }
    keys: dict[str, object] = {"name": f"check {number}", "why": "w", "metric": metric, **consequences}
    keys["at_least" if at_least else "at_most"] = Literal(f"{limit:f}")
    if facet is not None:
        keys["facet"] = facet
    if sensitive := figures[0].sensitive:
        keys["sensitive_features"] = list(sensitive)
    return _Check(keys, covers, strict, at_least, limit)


def _threshold_file(checks: Sequence[_Check]) -> bytes:
    """Write a threshold file; flow style, since JSON is YAML."""
    lines = [f"  - {encode(check.keys)}" for check in checks]
    return "\n".join(["name: case", "applies_to: {model_package_groups: [g]}", "checks:", *lines]).encode()


def _faults_of_any_format(rng: random.Random, built: Built, checks: Sequence[_Check]) -> list[Fault]:
    faults = []
    for index, figure in enumerate(built.figures):
        if not figure.can_be_set:
            continue
        faults += [
            Fault(f"value is {encode(junk)}", put(figure.path, junk), (index,)) for junk in NOT_NUMBERS
        ]
        if figure.entry is not None:
            error = put((*figure.entry, "error"), "the job timed out")
            faults += [
                Fault("an error beside the value", error, (index,)),
                Fault("value gone, the rest stays", drop(figure.path), (index,)),
                Fault("entry is null", put(figure.entry, None), (index,)),
                Fault("entry is text", put(figure.entry, "0.99"), (index,)),
            ]
        elif figure.facet is None:
            faults.append(Fault("figure gone", drop(figure.path), (index,)))
        for check in checks:
            if index in check.covers:
                faults += [
                    Fault(f"misses by 1e-{digits}", put(figure.path, _missing_by(check, digits)), (index,))
                    for digits in (1, 6, 17, 20, 40)
                ]
    rng.shuffle(faults)
    return faults


def _missing_by(check: _Check, digits: int) -> Literal:
    """A value beyond the limit, by one in the given decimal place."""
    with_digits = Decimal(1).scaleb(-digits)
    numerator = int(check.limit.scaleb(60)) + (-1 if check.at_least else 1) * int(with_digits.scaleb(60))
    sign, whole = ("-" if numerator < 0 else ""), str(abs(numerator)).rjust(61, "0")
    return Literal(f"{sign}{whole[:-60]}.{whole[-60:].rstrip('0') or '0'}")


def _second_report(rng: random.Random, built: Built) -> tuple[str, list[Document], tuple[int, ...] | None]:
    """Return a report beside the first: one that cannot be read, or one that contradicts it."""
    settable = [index for index, figure in enumerate(built.figures) if figure.can_be_set]
    if settable and rng.random() < 0.5:
        index = rng.choice(settable)
        figure = built.figures[index]
        content = copy.deepcopy(built.content)
        change = rng.choice([Decimal("1e-30"), Decimal("0.01"), Decimal(50)])
        numerator = int(figure.value.scaleb(60)) + rng.choice([-1, 1]) * int(change.scaleb(60))
        sign, whole = ("-" if numerator < 0 else ""), str(abs(numerator)).rjust(61, "0")
        put(figure.path, Literal(f"{sign}{whole[:-60]}.{whole[-60:]}"))(content)
        write = built.encode or (lambda value: encode(value).encode())
        return "a second report says otherwise", [Document(f"second-{built.name}", write(content))], (index,)
    junk = rng.choice(UNREADABLE)
    return f"unreadable: {json.dumps(junk[:20].decode('latin-1'))}", [Document("junk.json", junk)], None
