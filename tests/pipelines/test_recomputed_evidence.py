"""Step one where the thresholds ask to verify: figures computed again, recorded, and decided again from the record."""

import json
from dataclasses import dataclass

import pytest

from aws.evidence_copies import FolderEvidenceCopies
from checks.decision import Verdict
from checks.decision_record import DecisionRecord, parse_record
from checks.measurements import Measured
from checks.own_findings import REPRODUCES, VERIFIED
from checks.verification import Verification
from pipelines.evaluate_model_package import NOT_HERE
from pipelines.judged_evidence import read_verification_again
from tests.pipelines.conftest import EXECUTION, World, attached

FILE = """
name: askdata
applies_to: {{model_package_groups: ["AskData"]}}
verify: {verify}
checks:
  - {{name: accuracy, why: w, metric: text_to_sql.execution_accuracy, at_least: 0.8, on_missing: review}}
"""


@dataclass
class Versions:
    """Versions with item results beside their reports; `askdata.yaml` asks to verify."""

    world: World
    verify: str = "recompute"

    def register(self, said: float, right: int, *, items: str | None = None, name: str = "v") -> str:
        (self.world.folder / "thresholds").mkdir(exist_ok=True)
        (self.world.folder / "thresholds" / "askdata.yaml").write_text(FILE.format(verify=self.verify))
        folder = self.world.folder / "evidence" / name
        folder.mkdir(parents=True)
        report = folder / "evaluation.json"
        report.write_text(
            json.dumps(
                {
                    "text_to_sql_metrics": {"execution_accuracy": {"value": said, "samples": 10}},
                    "provenance": {"scorer": {"kind": "text_to_sql"}},
                }
            )
        )
        lines = [
            {
                "id": number,
                "verdict": "correct" if number < right else "wrong_result",
                "correct": number < right,
            }
            for number in range(10)
        ]
        written = "".join(json.dumps(line) + "\n" for line in lines) if items is None else items
        if written:
            (folder / "results.jsonl").write_text(written)
        return self.world.register(attached(report))

    def decide(self, arn: str, execution: str = EXECUTION) -> DecisionRecord:
        """The record of the decision; the world replays each from its copies."""
        answer = self.world.evaluate(arn, execution)
        return parse_record(self.world.decisions.read(answer.decision_uri))


@pytest.fixture
def versions(world: World) -> Versions:
    world.verifies = True
    return Versions(world)


@pytest.mark.parametrize(
    ("said", "right", "items", "verdict", "checks"),
    [
        (0.9, 9, None, Verdict.APPROVED, ["accuracy"]),
        (0.9, 5, None, Verdict.REJECTED, [REPRODUCES, "accuracy"]),
        (0.9, 9, "", Verdict.NEEDS_REVIEW, ["accuracy"]),
        (0.9, 9, "{", Verdict.NEEDS_REVIEW, ["accuracy"]),
    ],
    ids=["honest", "fabricated", "no items", "no lines"],
)
def test_step_one_judges_what_comes_out(  # noqa: PLR0917 - the columns of the table
    versions: Versions, said: float, right: int, items: str | None, verdict: Verdict, checks: list[str]
) -> None:
    record = versions.decide(versions.register(said, right, items=items))
    assert record.decision is verdict
    assert [finding.check for finding in record.findings] == checks
    assert record.verification is not None
    (one,) = record.verification.reports
    # What came out is kept, so that the decision can be made again without items and scorers.
    assert (one.figures is not None and one.figures.copy_uri is not None) == (not items and items is None)


@pytest.mark.parametrize(
    ("gold", "verdict", "says"),
    [
        (range(10), Verdict.APPROVED, None),
        (range(11), Verdict.REJECTED, "item 10: the gold has it, and the items do not"),
        (None, Verdict.NEEDS_REVIEW, "gold.jsonl"),
    ],
    ids=["the items", "one left out", "no gold there"],
)
def test_items_are_held_against_the_gold_that_the_file_names(
    versions: Versions, gold: range | None, verdict: Verdict, says: str | None
) -> None:
    place = versions.world.folder / "gold.jsonl"
    if gold is not None:
        place.write_text("".join(json.dumps({"id": one, "correct": one < 9}) + "\n" for one in gold))
    versions.verify = f'{{gold: {{text_to_sql: "{place}"}}}}'
    record = versions.decide(versions.register(0.9, 9))
    assert record.decision is verdict
    assert record.verification is not None
    (one,) = record.verification.reports
    assert (one.gold is not None and one.gold.uri == str(place)) == (gold is not None)
    said = one.problem if gold is None else one.first_altered
    assert says is None or (said is not None and says in said)


def test_a_lambda_function_leaves_it_to_a_person(world: World) -> None:
    record = Versions(world).decide(Versions(world).register(0.9, 9))
    assert record.decision is Verdict.NEEDS_REVIEW
    assert [one.reason for one in record.findings if one.check == VERIFIED] == [NOT_HERE]
    assert record.verification is not None
    assert record.verification.not_verified == NOT_HERE


def test_the_draw_is_of_the_version_and_not_of_the_execution(versions: Versions) -> None:
    versions.verify = "{sample: 3}"
    arn = versions.register(0.9, 9)
    first, again = (versions.decide(arn, f"{EXECUTION}{number}") for number in (1, 2))
    other = versions.decide(versions.register(0.9, 9, name="w"))
    seeds = [one.verification and one.verification.seed for one in (first, again, other)]
    assert seeds[0] == seeds[1] != seeds[2]
    assert all(seeds)
    assert first.verification is not None
    assert first.verification.sample == 3


def test_the_items_are_not_kept(versions: Versions) -> None:
    """They may be personal data; the figures that came out of them are none."""
    versions.decide(versions.register(0.9, 9))
    kept = [path.read_bytes() for path in (versions.world.folder / "copies").rglob("*") if path.is_file()]
    assert len(kept) == 2
    assert not any(b"wrong_result" in content for content in kept)


def test_what_an_edit_would_do_is_told_by_the_figures_that_came_out(versions: Versions) -> None:
    record = versions.decide(versions.register(0.9, 5))
    read = read_verification_again(record, FolderEvidenceCopies(versions.world.folder / "copies"))
    assert isinstance(read, Verification)
    (one,) = read.recomputations
    assert one.figures is not None
    assert next(figure.value for figure in one.figures.measurements if isinstance(figure, Measured)) == 0.5
