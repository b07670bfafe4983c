"""A threshold file on top of the one that it extends: what does not fit, and what comes out."""

import difflib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from checks.facets import parse_facet
from checks.threshold_file import SourceFile
from checks.thresholds import (
    AppliesTo,
    Check,
    Mode,
    Origin,
    SourceDigest,
    ThresholdContent,
    ThresholdFile,
    Waiver,
)
from checks.yaml_source import Path, Place, Problem

SCHEMA = "governance.thresholds/1"

# What a file has from the one that it extends where it does not say it itself.
_INHERITED = (
    "owners",
    "review_by",
    "max_age_days",
    "mode",
    "on_foreign_evidence",
    "on_unprotected_evidence",
    "bar_predates_evidence",
    "verify",
)
_Written = tuple[Check, Origin]


def find_misfits(file: SourceFile, base: ThresholdFile | None) -> Iterator[Problem]:
    """Yield what a file says that does not fit to the one that it extends, and its waivers that do not fit to both.

    `base` is `None` where it extends none, or that one cannot be read; nothing is told that may be the reason of.
    """
    yield from _find_removed_misfits(file, base)
    names = _list_names(file, base)
    inherited = {check.name: check for check in (base.checks if base is not None else ())}
    owners = _find_owners(file, base)
    seen: dict[tuple[str, str | None], int] = {}
    for index, waiver in file.readable.waivers.items():
        path: Path = ("waivers", index)
        # First what one key says by itself: who approved it, and of which check.
        if owners is not None and waiver.approved_by is not None and waiver.approved_by not in owners:
            yield file.problem_at((*path, "approved_by"), _explain_approver(waiver.approved_by, owners))
        if waiver.check is None:
            continue
        if names is not None and waiver.check not in names:
            near = difflib.get_close_matches(waiver.check, names, n=1)
            way_out = f'did you mean "{near[0]}"?' if near else "remove the waiver"
            yield file.problem_at((*path, "check"), f"no check has this name; {way_out}")
        if not waiver.has_facet_known:
            continue
        # Then what both keys say together: of what in the check.
        first = seen.setdefault((waiver.check, waiver.facet), index)
        if first != index:
            yield file.problem_at(path, f"waivers[{first}] is for the same check and facet; keep one")
        check = _find_check(file, inherited, waiver.check)
        if check is not None and (problem := _explain_facet(waiver.facet, check)):
            where = (*path, "check" if waiver.facet is None else "facet")
            yield file.problem_at(where, problem)


def _find_check(file: SourceFile, inherited: Mapping[str, Check], name: str) -> Check | None:
    """Return the check of this name as it counts; `None` where there is none, or it cannot be read."""
    own = {check.name: check for check in file.readable.checks.values()}
    is_replaced = name in (file.readable.names or ())
    return own.get(name) if is_replaced else inherited.get(name)


def _find_removed_misfits(file: SourceFile, base: ThresholdFile | None) -> Iterator[Problem]:
    inherited = [] if base is None else [check.name for check in base.checks]
    removed = file.readable.removed
    own = file.readable.names or ()
    for index, name in removed.items():
        path: Path = ("remove_checks", index)
        if not file.says_extends:
            yield file.problem_at(
                path, "the file extends no other, so nothing is inherited; remove the check itself"
            )
        elif base is not None and name not in inherited:
            near = difflib.get_close_matches(name, inherited, n=1)
            way_out = f'did you mean "{near[0]}"?' if near else "remove this line"
            yield file.problem_at(path, f"{base.source} has no check of this name; {way_out}")
        elif name in own:
            message = (
                f"checks[{own.index(name)}] has this name, and replaces the inherited check; remove this line"
            )
            yield file.problem_at(path, message)
    if base is not None and file.readable.names == [] and set(inherited) <= set(removed.values()):
        yield file.problem_at(("remove_checks",), "no check is left; keep one, or write one")


def _list_names(file: SourceFile, base: ThresholdFile | None) -> Sequence[str] | None:
    """Return the names of all checks that the file has; `None` where they cannot be told."""
    own = file.readable.names
    if own is None or (file.says_extends and base is None):
        return None
    removed = set(file.readable.removed.values())
    inherited = [] if base is None else [check.name for check in base.checks if check.name not in removed]
    return [*inherited, *own]


def _find_owners(file: SourceFile, base: ThresholdFile | None) -> Sequence[str] | None:
    """Return who answers for the file; `None` where it cannot be told."""
    own = file.readable.owners
    if own or not file.says_extends:
        return own
    return None if own is None or base is None else base.owners


def _explain_approver(name: str, owners: Sequence[str]) -> str:
    if not owners:
        return "the file names no owners, and only one of them can approve a waiver; write owners"
    return f'"{name}" is none of the owners ({", ".join(owners)}); let one of them approve it'


def _explain_facet(facet: str | None, check: Check) -> str | None:
    """Return why a check finds nothing at the facet of a waiver, whatever the evidence is; `None` where it may."""
    if check.facet is None:
        return None if facet is None else "the check is about the whole; leave facet out"
    if facet is None:
        return f'the check is about facets; write the one that is waived, or facet: "{check.facet}" for all of it'
    is_in = check.asked_facet.concerns(facet) or parse_facet(facet).is_part_of(check.facet)
    return (
        None
        if is_in
        else f'the check is about "{check.facet}" and finds nothing there; write a facet of that'
    )


def make_file(file: SourceFile, base: ThresholdFile | None) -> ThresholdFile:
    """Return the file as it counts: `file`, which nothing is wrong with, on top of the one that it extends.

    Raises:
        ValueError: something is wrong with it.
    """
    content = file.content
    if content is None:
        raise ValueError(f"{file.source}: cannot be read")
    written = list(_merge_checks(file, content, base))
    sources: tuple[SourceDigest, ...] = ()
    if base is not None:
        below = base.sources or (SourceDigest(base.source, base.sha256),)
        sources = (SourceDigest(file.source, file.sha256), *below)
    applies_to = content.applies_to
    return ThresholdFile(
        name=content.name,
        source=file.source,
        sha256=_sum_up(sources) if sources else file.sha256,
        applies_to=() if applies_to is None else applies_to.model_package_groups,
        mlflow_suffix=applies_to is not None and applies_to.mlflow_suffix,
        checks=tuple(check for check, _ in written),
        origins=tuple(origin for _, origin in written),
        sources=sources,
        waivers=tuple(_merge_waivers(content, base)),
        **{key: _say_or_inherit(content, base, key) for key in _INHERITED},
    )


def _say_or_inherit(content: ThresholdContent, base: ThresholdFile | None, key: str) -> Any:
    """Return what a file says under `key`, or has there from the one that it extends, or its default."""
    source = content if base is None or key in content.model_fields_set else base
    value = getattr(source, key)
    return () if key == "owners" and value is None else value


def make_sound_part(file: SourceFile) -> ThresholdFile:
    """Return what can be read of a file that is wrong or not whole: its groups, and its own checks that are sound."""
    data = file.places.data if isinstance(file.places.data, dict) else {}
    try:
        applies_to = AppliesTo.model_validate(data.get("applies_to"))
    except ValidationError:
        applies_to = None
    return ThresholdFile(
        name=file.name or file.source,
        source=file.source,
        sha256=file.sha256,
        applies_to=() if applies_to is None else applies_to.model_package_groups,
        mlflow_suffix=applies_to is not None and applies_to.mlflow_suffix,
        mode=Mode.ENFORCE,
        checks=tuple(file.readable.checks.values()),
        origins=tuple(_find_origin(file, index) for index in file.readable.checks),
    )


def _merge_checks(
    file: SourceFile, content: ThresholdContent, base: ThresholdFile | None
) -> Iterator[_Written]:
    """Yield the inherited checks in their order, replaced by those of the same name, and then the further ones."""
    own = {check.name: (check, _find_origin(file, index)) for index, check in enumerate(content.checks or ())}
    removed = content.remove_checks or ()
    if base is not None:
        for check, origin in zip(base.checks, base.origins, strict=True):
            if check.name not in removed:
                yield own.pop(check.name, (check, origin))
    yield from own.values()


def _merge_waivers(content: ThresholdContent, base: ThresholdFile | None) -> Iterator[Waiver]:
    """Yield the file's own waivers, and the inherited ones whose check it has as it was when they were granted."""
    own = content.waivers or ()
    yield from own
    anew = {check.name for check in content.checks or ()} | set(content.remove_checks or ())
    waived = {(waiver.check, waiver.facet) for waiver in own}
    for waiver in () if base is None else base.waivers:
        if waiver.check not in anew and (waiver.check, waiver.facet) not in waived:
            yield waiver


def _find_origin(file: SourceFile, index: int) -> Origin:
    return Origin(file.source, file.places.values.get(("checks", index), Place(1, 1)).line, index)


def _sum_up(sources: Sequence[SourceDigest]) -> str:
    """Return the SHA-256 of the digests, a line each, as `sha256sum` gives it of a file with those lines."""
    lines = "".join(f"{source.sha256}\n" for source in sources)
    return hashlib.sha256(lines.encode()).hexdigest()


def describe_effective(file: ThresholdFile) -> dict[str, object]:
    """Return the effective file as JSON says it: each check as it is written, with the place where that is."""
    checks = [
        {**check.model_dump(mode="json", exclude_none=True), "origin": str(file.origin_of(place))}
        for place, check in enumerate(file.checks)
    ]
    return {
        "schema": SCHEMA,
        "name": file.name,
        "source": file.source,
        "sha256": file.sha256,
        "sources": [{"source": one.source, "sha256": one.sha256} for one in file.sources],
        "model_package_groups": list(file.applies_to),
        "mlflow_suffix": file.mlflow_suffix,
        "owners": list(file.owners),
        "review_by": None if file.review_by is None else file.review_by.isoformat(),
        "max_age_days": file.max_age_days,
        "mode": file.mode,
        "on_foreign_evidence": file.on_foreign_evidence,
        "on_unprotected_evidence": file.on_unprotected_evidence,
        "bar_predates_evidence": file.bar_predates_evidence,
        "verify": file.verify,
        "waivers": [waiver.model_dump(mode="json", exclude_none=True) for waiver in file.waivers],
        "checks": checks,
    }
