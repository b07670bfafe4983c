"""Figures that seem certain and are not: few items, no spread, impossible support."""

import random

from checks.evidence import Document
from tests.adversarial.hostile_evidence.cases import Case
from tests.adversarial.hostile_evidence.documents import Literal, encode


def case_of(seed: int) -> Case:
    """Return a case in which a check asks for confidence that the evidence cannot give; never to be approved."""
    rng = random.Random(seed)
    samples = rng.choice([1, 2, 3])
    entry: dict[str, object] = {"value": Literal(rng.choice(["0.9", "0.99", "1.0", "0.9999999999", "1"]))}
    # A spread of almost nothing, or none at all, says nothing of how certain the value is.
    spread = rng.choice(["standard_deviation", "standard_error", "interval", "none"])
    tiny = rng.choice(["0", "0.0", "1e-300", "1e-17", "1.7e-11", "1e-9"])
    if spread == "interval":
        entry["value"] = Literal("0.9")
        entry["interval"] = {"low": Literal("0.9"), "high": Literal("0.9"), "confidence": Literal("0.95")}
    elif spread != "none":
        entry[spread] = Literal(tiny)
    # Sample sizes that are too few, or that no sample can have.
    if rng.random() < 0.9 or spread == "none":
        entry["samples"] = Literal(rng.choice([str(samples), "0", "-1", "1" + "0" * 400, "1.5"]))
    confidence = rng.choice(["0.9", "0.95", "0.99"])
    thresholds = (
        "name: case\napplies_to: {model_package_groups: [g]}\nchecks:\n"
        f"  - {{name: c, why: w, metric: rag.faithfulness, at_least: 0.8, confidence: {confidence}}}\n"
    )
    content = encode({"rag_metrics": {"faithfulness": entry}}).encode()
    return Case(
        seed=seed,
        format="certainty",
        faults=(f"{spread} {tiny}",),
        documents=(Document("report.json", content),),
        thresholds=thresholds.encode(),
        may_be_approved=False,
        must_be_approved=False,
    )
