"""Train five versions of a small classifier, and write the evidence of each.

Run from the repository: `.venv/bin/python examples/diabetes-progression/train.py [FOLDER]`. It writes
`version-N/evidence` under FOLDER (by default beside this script) and needs no network: the 442 patients come with
scikit-learn (Efron, Hastie, Johnstone and Tibshirani, Least Angle Regression, Annals of Statistics 2004).
With `--seeds` it writes nothing and prints the recall gap of versions 1 and 2 under other splits.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sklearn import __version__ as sklearn_version
from sklearn.base import ClassifierMixin
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from checks.measurements import Measured, Source, Support
from scorers.bias import bias_report, parse_facet, parse_positive
from scorers.evidence_writer import EvidenceWriter

FAST_PROGRESSION = 140  # of the data set's disease score a year on; its median is 140.5
OLDER = 60  # years
TEST_SHARE, SEED = 0.5, 42
OTHER_SEEDS = (0, 1, 2, 3, 4, 7, 42)
# The groups that are watched: sex "2" (the data set does not say which sex that is), and the older patients.
WATCHED = ("sex=2", "older=yes")
EVERYTHING = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")


@dataclass(frozen=True)
class Candidate:
    """One version: what it learns from, and how. `with_bias_report` is False where the team forgot it."""

    model: ClassifierMixin
    features: tuple[str, ...] = EVERYTHING
    with_bias_report: bool = True


def logistic_regression(strength: float = 1.0) -> ClassifierMixin:
    """Return a logistic regression on standardised columns; `strength` is scikit-learn's C."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength))


CANDIDATES: Mapping[str, Candidate] = {
    "version-1": Candidate(logistic_regression()),
    "version-2": Candidate(logistic_regression(), tuple(name for name in EVERYTHING if name != "sex")),
    "version-3": Candidate(GradientBoostingClassifier(random_state=SEED), with_bias_report=False),
    "version-4": Candidate(logistic_regression(0.3)),
    "version-5": Candidate(RandomForestClassifier(random_state=SEED)),
}


def patients(seed: int = SEED) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the training half and the test half, with equal shares of sexes and outcomes in both."""
    table = load_diabetes(as_frame=True, scaled=False).frame
    table["label"] = (table.target > FAST_PROGRESSION).astype(int)
    strata = table.sex.astype(int).astype(str) + table.label.astype(str)
    training, test = train_test_split(table, test_size=TEST_SHARE, random_state=seed, stratify=strata)
    return training, test.sort_index()


def score(candidate: Candidate, training: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Return the test half with the candidate's `probability`, its `predicted` label, and the two facets."""
    features = list(candidate.features)
    candidate.model.fit(training[features], training.label)
    return test.assign(
        probability=candidate.model.predict_proba(test[features])[:, 1],
        predicted=candidate.model.predict(test[features]),
        sex=test.sex.astype(int).astype(str),
        older=(test.age >= OLDER).map({True: "yes", False: "no"}),
    )


def auc_standard_error(auc: float, positives: int, negatives: int) -> float:
    """Return the standard error of an area under the ROC curve (Hanley and McNeil, Radiology 143, 1982)."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (positives - 1) * (q1 - auc**2) + (negatives - 1) * (q2 - auc**2)
    return float((spread / (positives * negatives)) ** 0.5)


def measurements(scored: pd.DataFrame) -> list[Measured]:
    """Return accuracy, recall, specificity (proportions of `samples`) and AUC; accuracy also for each group."""
    source = Source("train.py")
    correct = scored.predicted == scored.label
    positive = scored.label == 1
    auc = float(roc_auc_score(scored.label, scored.probability))

    def proportion(name: str, hits: pd.Series, facet: str | None = None) -> Measured:
        metric = f"binary_classification.{name}"
        return Measured(metric, float(hits.mean()), source, facet=facet, samples=len(hits))

    groups = [(column, group) for column in ("sex", "older") for group in sorted(scored[column].unique())]
    return [
        proportion("accuracy", correct),
        *(proportion("accuracy", correct[scored[c] == group], f"{c}={group}") for c, group in groups),
        proportion("recall", correct[positive]),
        proportion("specificity", correct[~positive]),
        Measured(
            "binary_classification.auc",
            auc,
            source,
            samples=len(scored),
            support=Support(
                standard_error=auc_standard_error(auc, int(positive.sum()), int((~positive).sum()))
            ),
        ),
    ]


def watched_groups(scored: pd.DataFrame) -> dict[str, object]:
    """Return Clarify's bias report of the test half, for the groups in `WATCHED`."""
    return bias_report(
        scored,
        label="label",
        positive=parse_positive(["1"]),
        predicted="predicted",
        facets=[parse_facet(text, list(scored.columns)) for text in WATCHED],
        with_flip_test=False,  # it searches neighbours among columns, and this is a small example
    )


def write_evidence(folder: Path, candidate: Candidate, scored: pd.DataFrame) -> None:
    """Write `evaluation.json`, `results.jsonl` and, unless it was forgotten, the bias report `analysis.json`."""
    provenance = {
        "data": "sklearn.datasets.load_diabetes(scaled=False)",
        "label": f"target > {FAST_PROGRESSION}",
        "split": f"{TEST_SHARE:.0%} for testing, stratified by sex and label, seed {SEED}",
        "features": list(candidate.features),
        "model": " ".join(str(candidate.model).split()),
        "scikit_learn": sklearn_version,
    }
    with EvidenceWriter(folder) as writer:
        for row in scored.itertuples():
            writer.add_result(
                {
                    "id": str(row.Index),
                    "label": int(row.label),
                    "predicted": int(row.predicted),
                    "probability": round(float(row.probability), 6),
                    "facets": {"sex": row.sex, "older": row.older},
                }
            )
        reports = {"analysis.json": watched_groups(scored)} if candidate.with_bias_report else {}
        writer.finish(measurements(scored), provenance, reports)


def recall_gap(version: str, seed: int) -> float:
    """Return the recall of sex 1 less that of sex 2 (Clarify's RD) when the patients are split by `seed`."""
    training, test = patients(seed)
    scored = score(CANDIDATES[version], training, test)
    found = scored[scored.label == 1].groupby("sex").predicted.mean()
    return float(found["1"] - found["2"])


def main(folder: Path) -> None:
    training, test = patients()
    for name, candidate in CANDIDATES.items():
        scored = score(candidate, training, test)
        write_evidence(folder / name / "evidence", candidate, scored)
        print(f"{name}: accuracy {(scored.predicted == scored.label).mean():.3f} on {len(scored)} patients")


if __name__ == "__main__":
    if sys.argv[1:] == ["--seeds"]:
        for seed in OTHER_SEEDS:
            print(f"seed {seed}: {recall_gap('version-1', seed):+.3f} {recall_gap('version-2', seed):+.3f}")
    else:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
