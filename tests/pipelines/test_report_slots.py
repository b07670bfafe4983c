"""Where `register` attaches reports: by the kind that each reader declares, and by nothing else."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import checks.reports
from aws.report_references import ReportReference, ReportSlot
from checks.evidence import Report, ReportKind
from checks.reports import READERS
from checks.reports.reader import Reader
from pipelines.report_slots import attach, slot_of

ROOT = Path(__file__).resolve().parents[2]
SHA256 = "0" * 64
QUALITY = "ModelQuality.Statistics"
# Written out on purpose: whoever adds a reader says here, too, where its reports are attached.
SLOTS = {
    "bedrock_evaluation": QUALITY,
    "clarify_analysis_config": None,
    "clarify_bias": "Bias.Report",
    "clarify_explainability": "Explainability.Report",
    "figures": QUALITY,
    "fmeval": QUALITY,
    "inspect_log": QUALITY,
    "lm_eval": QUALITY,
    "model_monitor_constraints": "ModelDataQuality.Constraints",
    "model_monitor_statistics": "ModelDataQuality.Statistics",
    "model_monitor_violations": None,
    "ragas": QUALITY,
    "sagemaker_evaluation": QUALITY,
    "sagemaker_evaluators": QUALITY,
    "sagemaker_model_card": QUALITY,
    "trainer_state": QUALITY,
}


def test_each_reader_says_where_its_reports_are_attached() -> None:
    assert {reader.format: slot_of(reader.kind) for reader in READERS} == SLOTS


def test_every_module_that_reads_a_format_is_asked() -> None:
    names = [module.name for module in pkgutil.iter_modules(checks.reports.__path__)]
    modules = [importlib.import_module(f"checks.reports.{name}") for name in names]
    declared = {
        reader for module in modules for reader in vars(module).values() if isinstance(reader, Reader)
    }
    able = {module.__name__ for module in modules if hasattr(module, "recognises")}
    assert declared == set(READERS)
    assert able == {module.__name__ for module in modules if hasattr(module, "READER")}
    assert len(READERS) == len(declared) == len(able)


def test_slots_are_chosen_in_one_module() -> None:
    rooms = ["checks", "cli", "disk", "lambdas", "pipelines", "scorers"]
    files = [file for room in rooms for file in (ROOT / room).rglob("*.py")]
    naming = {
        file.relative_to(ROOT).as_posix()
        for file in files
        if re.search(r"\bReportSlot\.|ModelQuality\.|\bBias\.Report", file.read_text(encoding="utf-8"))
    }
    assert naming == {"pipelines/report_slots.py"}


def _report(*kinds: ReportKind) -> Report:
    return Report("a.json", None, SHA256, "of these kinds", (), kinds=kinds)


def test_of_two_reports_for_one_slot_the_second_stays_under_the_prefix() -> None:
    reports = {
        "s3://b/g/1/a.json": _report(ReportKind.MODEL_QUALITY),
        "s3://b/g/1/b.json": _report(ReportKind.MODEL_QUALITY),
        "s3://b/g/1/c.json": _report(ReportKind.BIAS, ReportKind.EXPLAINABILITY),
        "s3://b/g/1/d.json": _report(ReportKind.BIAS, ReportKind.EXPLAINABILITY),
        "s3://b/g/1/e.json": _report(ReportKind.SETTINGS),
    }
    assert list(attach(reports)) == [
        ReportReference(ReportSlot.MODEL_QUALITY_STATISTICS, "s3://b/g/1/a.json", f"sha256:{SHA256}"),
        ReportReference(None, "s3://b/g/1/b.json"),
        ReportReference(ReportSlot.BIAS_REPORT, "s3://b/g/1/c.json", f"sha256:{SHA256}"),
        ReportReference(ReportSlot.EXPLAINABILITY_REPORT, "s3://b/g/1/d.json", f"sha256:{SHA256}"),
        ReportReference(None, "s3://b/g/1/e.json"),
    ]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.format)
def test_a_report_has_its_digest_where_it_has_a_slot(reader: Reader) -> None:
    (reference,) = attach({"s3://b/g/1/a.json": _report(reader.kind)})
    assert (reference.content_digest is None) is (SLOTS[reader.format] is None)
