"""Documents of every report format, made so that each figure in them is known: the ground truth of the oracle.

Nothing here is taken from the readers: addresses, shapes and meanings are written down again, from the formats' own
documentation, so that a fault of a reader is no fault of the oracle too.
"""

import io
import json
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, or what some tool writes in its place, exactly as it is written into the JSON."""

    text: str


def no_numbers() -> list[object]:
    """Return what may be in the place of a number; a new list each time, since faults change documents."""
    return [None, "n/a", True, [], {}, Literal("NaN")]


@dataclass(slots=True)
class Figure:
    """One figure of a document: its address, where its number is, and the object around it that is about it alone."""

    metric: str
    facet: str | None
    path: Path
    value: Decimal
    entry: Path | None = None  # where an "error" or "samples" can be written beside it
    sensitive: tuple[str, ...] = ()
    can_be_set: bool = True  # False for a figure that is computed from several numbers
    is_burden: bool = False  # its faults make it larger, so only an upper limit tells


@dataclass(slots=True)
class Fault:
    """Something wrong with a document: what it is called, how it is done, which figures it takes the proof from."""

    name: str
    apply: Callable[[Any], None]
    hits: tuple[int, ...]


@dataclass(slots=True)
class Built:
    """A flawless document, its figures, and the faults that only its format can have."""

    format: str
    content: Any
    figures: list[Figure]
    faults: list[Fault] = field(default_factory=list)
    encode: Callable[[Any], bytes] | None = None
    name: str = "report.json"


def at(content: Any, path: Path) -> Any:
    """Return what is at `path`."""
    for part in path:
        content = content[part]
    return content


def put(path: Path, value: Any) -> Callable[[Any], None]:
    """Return the change that writes `value` at `path`."""

    def change(content: Any) -> None:
        at(content, path[:-1])[path[-1]] = value

    return change


def drop(path: Path) -> Callable[[Any], None]:
    """Return the change that removes what is at `path`."""

    def change(content: Any) -> None:
        del at(content, path[:-1])[path[-1]]

    return change


def rename(path: Path, name: str) -> Callable[[Any], None]:
    """Return the change that gives the member at `path` another key."""

    def change(content: Any) -> None:
        parent = at(content, path[:-1])
        parent[name] = parent.pop(path[-1])

    return change


def encode(content: Any) -> str:
    """Write JSON, with literals as they are."""
    match content:
        case Literal():
            return content.text
        case dict():
            return "{" + ", ".join(f"{json.dumps(k)}: {encode(v)}" for k, v in content.items()) + "}"
        case list():
            return "[" + ", ".join(map(encode, content)) + "]"
        case _:
            return json.dumps(content)


def number(rng: random.Random) -> tuple[Decimal, Literal]:
    """Return a share, and a way to write it."""
    digits = rng.choice([1, 2, 3, 4, 18])
    value = Decimal(rng.randint(1, 10**digits - 1)).scaleb(-digits)
    text = rng.choice([f"{value:f}", f"{value:f}", f"{value:f}0", f"{value.scaleb(2):f}e-2"])
    return value, Literal(text)


def word(rng: random.Random) -> str:
    """Return a name as people give them."""
    return rng.choice(["accuracy", "recall", "f1", "score", "auc", "loss_rate", "Überdeckung", "p 95", "a-b"])


def words(rng: random.Random, count: int) -> list[str]:
    """Return `count` different names."""
    return [f"{word(rng)}{index}" for index in range(count)]


def evaluation(rng: random.Random) -> Built:
    """SageMaker evaluation JSON, with facets, spreads and sample sizes."""
    group = rng.choice(["churn", "text_to_sql", "binary_classification"])
    entries: dict[str, Any] = {}
    figures = []
    section = f"{group}_metrics"
    # First the document and its figures, each with the path to its number.
    for name in words(rng, rng.randint(1, 3)):
        value, literal = number(rng)
        entry: dict[str, Any] = {"value": literal}
        if rng.random() < 0.5:
            entry["samples"] = rng.randint(100, 5000)
        figures.append(Figure(f"{group}.{name}", None, (section, name, "value"), value, (section, name)))
        if rng.random() < 0.5:
            entry["facets"] = {}
            for facet in ("sex=F", "sex=M"):
                value, literal = number(rng)
                entry["facets"][facet] = {"value": literal}
                where = (section, name, "facets", facet)
                figures.append(Figure(f"{group}.{name}", facet, (*where, "value"), value, where))
        entries[name] = entry
    built = Built("sagemaker_evaluation", {section: entries}, figures)
    # Then what can be wrong with each: every fault takes the proof from one figure.
    for index, figure in enumerate(figures):
        assert figure.entry is not None
        built.faults += [
            Fault("entry with samples only", put(figure.entry, {"samples": 5}), (index,)),
            Fault("entry is a list", put(figure.entry, [Literal("0.99")]), (index,)),
            Fault("entry is empty", put(figure.entry, {}), (index,)),
            Fault("value misspelt", rename(figure.path, "vlaue"), (index,)),
            *(
                Fault(f"samples {text}", put((*figure.entry, "samples"), Literal(text)), (index,))
                for text in ("0", "-3", "2.5", '"many"', "true", "1" + "0" * 400)
            ),
        ]
    return built


def dotted(rng: random.Random) -> Built:
    """An evaluation in which an address can be written in two ways: nested, and with a dot in a name."""
    value, literal = number(rng)
    other = Literal(f"{value / 2:f}")
    content = {"g_metrics": {"curve": {"end": literal}}}
    built = Built(
        "sagemaker_evaluation", content, [Figure("g.curve.end", None, ("g_metrics", "curve", "end"), value)]
    )
    built.faults.append(Fault("one address, two values", put(("g_metrics", "curve.end"), other), (0,)))
    return built


def flat(rng: random.Random) -> Built:
    """Names and numbers, as most people write their first report; or the same under `metrics`."""
    content: dict[str, Any] = {}
    figures = []
    prefix = rng.choice(["", "metrics"])
    for name in rng.sample(["accuracy", "f1", "auc", "precision", "recall"], rng.randint(1, 3)):
        value, literal = number(rng)
        content[name] = literal
        address = f"{prefix}.{name}" if prefix else name
        figures.append(Figure(address, None, (prefix, name) if prefix else (name,), value))
    return Built("figures", {prefix: content} if prefix else content, figures)


def clarify_bias(rng: random.Random) -> Built:
    """Clarify's bias report."""
    stage = rng.choice(["pre_training", "post_training"])
    names = ["CI", "DPL", "KL"] if stage == "pre_training" else ["DPPL", "DI", "TE"]
    groups: list[Any] = []
    figures = []
    section = f"{stage}_bias_metrics"
    # First the document: each group has every metric.
    for position, group in enumerate(["0", "1"]):
        metrics: list[Any] = []
        for index, name in enumerate(names):
            value, literal = number(rng)
            metrics.append({"name": name, "description": f"{name}.", "value": literal})
            entry = (section, "facets", "sex", position, "metrics", index)
            figures.append(Figure(f"bias.{stage}.{name}", f"sex={group}", (*entry, "value"), value, entry))
        groups.append({"value_or_threshold": group, "metrics": metrics})
    content = {"version": "1.0", section: {"label": "y", "facets": {"sex": groups}}}
    built = Built("clarify_bias", content, figures)
    for index, figure in enumerate(figures):
        assert figure.entry is not None
        nth = figure.entry[3]
        # A fault of a whole group takes the proof from all of its figures.
        of_group = tuple(i for i, f in enumerate(figures) if f.facet == figure.facet)
        built.faults += [
            Fault("group lacks the metric", drop(figure.entry), (index,)),
            Fault("value is the text Infinity", put(figure.path, "Infinity"), (index,)),
            Fault("value misspelt", rename(figure.path, "vlaue"), (index,)),
            Fault("metric without a name", drop((*figure.entry, "name")), (index,)),
            Fault("group without metrics", put((section, "facets", "sex", nth, "metrics"), []), of_group),
            Fault("group is null", put((section, "facets", "sex", nth), None), of_group),
        ]
    return built


def clarify_explainability(rng: random.Random) -> Built:
    """Clarify's global SHAP values, with the share of a sensitive feature."""
    sensitive, others = rng.randint(0, 5), rng.randint(20, 60)
    share = Decimal(sensitive) / Decimal(sensitive + others)
    values = {"sex": Literal(str(sensitive)), "age": Literal(f"-{others}")}
    where = ("explanations", "kernel_shap", "label0", "global_shap_values")
    figure = Figure(
        "explainability.kernel_shap.label0.sensitive_share",
        None,
        (*where, "sex"),
        share,
        sensitive=("sex",),
        can_be_set=False,
        is_burden=True,
    )
    content = {"version": "1.0", "explanations": {"kernel_shap": {"label0": {"global_shap_values": values}}}}
    built = Built("clarify_explainability", content, [figure])
    built.faults += [
        Fault("feature without weight given as null", put((*where, "sex"), None), (0,)),
        Fault("another feature is null", put((*where, "age"), None), (0,)),
        Fault("sensitive feature gone", drop((*where, "sex")), (0,)),
        Fault("sensitive feature counts all", put((*where, "sex"), Literal("1e9")), (0,)),
        Fault("values are text", put(where, "see the plot"), (0,)),
    ]
    return built


def model_monitor_statistics(rng: random.Random) -> Built:
    """Model Monitor's statistics of data quality."""
    features = []
    figures = []
    for index, name in enumerate(["age", "income", "visits"]):
        value, literal = number(rng)
        statistics = {"common": {"num_present": 9, "num_missing": 0}, "mean": literal, "sum": Literal("4.5")}
        features.append({"name": name, "inferred_type": "Fractional", "numerical_statistics": statistics})
        where = ("features", index, "numerical_statistics", "mean")
        figures.append(Figure("model_monitor.statistics.numerical_statistics.mean", name, where, value))
    content = {"version": 0, "dataset": {"item_count": 9}, "features": features}
    built = Built("model_monitor_statistics", content, figures)
    for index in range(len(figures)):
        statistics_of = ("features", index, "numerical_statistics")
        built.faults += [
            Fault("statistics are null", put(statistics_of, None), (index,)),
            Fault("statistics are text", put(statistics_of, "n/a"), (index,)),
        ]
    return built


def model_monitor_violations(rng: random.Random) -> Built:
    """Model Monitor's violations: none of the kind that is asked for."""
    other = {"feature_name": "age", "constraint_check_type": "completeness_check", "description": "…"}
    listed = [dict(other) for _ in range(rng.randint(0, 2))]
    figures = [
        Figure(metric, None, ("violations",), Decimal(count), can_be_set=False, is_burden=True)
        for metric, count in {
            "model_monitor.violations.data_type_check": 0,
            "model_monitor.violations": len(listed),
        }.items()
    ]
    built = Built("model_monitor_violations", {"violations": listed}, figures)

    def violate(content: Any) -> None:
        content["violations"] += [{**other, "constraint_check_type": "data_type_check"}] * 3

    built.faults += [
        Fault("violations of the kind", violate, (0, 1)),
        Fault("violations are null", put(("violations",), None), (0, 1)),
        Fault("violations are text", put(("violations",), "none"), (0, 1)),
        Fault("a violation without a kind", lambda c: c["violations"].append({"feature_name": "a"}), (0, 1)),
        Fault("a violation is null", lambda c: c["violations"].append(None), (0, 1)),
    ]
    return built


def ragas(rng: random.Random) -> Built:
    """RAGAS's rows, all with one score, so that the mean is that score."""
    count = rng.randint(3, 6)
    value = Decimal(rng.randint(1, 9)) / 8
    value = value % 1 or Decimal("0.5")
    rows = [
        {
            "user_input": "q",
            "response": "r",
            "faithfulness": Literal(str(value)),
            "answer_relevancy": Literal("0.5"),
        }
        for _ in range(count)
    ]
    figures = [Figure("rag.faithfulness", None, (0, "faithfulness"), value, can_be_set=False)]
    built = Built("ragas", rows, figures)
    row = rng.randrange(count)
    for junk in (*no_numbers(), "NaN"):
        built.faults.append(Fault(f"row with {encode(junk)}", put((row, "faithfulness"), junk), (0,)))
    built.faults.append(Fault("row without the column", drop((row, "faithfulness")), (0,)))
    return built


def fmeval(rng: random.Random) -> Built:
    """An output of fmeval, with a category."""
    value, literal = number(rng)
    second, of_category = number(rng)
    content = {
        "eval_name": "qa",
        "dataset_name": "trivia",
        "prompt_template": "$model_input",
        "dataset_scores": [{"name": "f1", "value": literal}],
        "category_scores": [{"name": "art", "scores": [{"name": "f1", "value": of_category}]}],
    }
    score, category = ("dataset_scores", 0), ("category_scores", 0, "scores", 0)
    figures = [
        Figure("fmeval.qa.trivia.f1", None, (*score, "value"), value, score),
        Figure("fmeval.qa.trivia.f1", "category=art", (*category, "value"), second, category),
    ]
    built = Built("fmeval", content, figures)
    built.faults += [
        Fault("an error beside the scores", put(("error",), "half of the data set failed"), (0, 1)),
        Fault("no scores", put(("dataset_scores",), None), (0,)),
        Fault("scores are text", put(("dataset_scores",), "0.9"), (0,)),
        Fault("score without a value", drop(figures[0].path), (0,)),
        Fault("score of a category without a value", drop(figures[1].path), (1,)),
    ]
    return built


def lm_eval(rng: random.Random) -> Built:
    """Results of lm-evaluation-harness."""
    value, literal = number(rng)
    task = {"alias": "mmlu", "acc,none": literal, "acc_stderr,none": Literal("0.01")}
    content = {
        "results": {"mmlu": task},
        "versions": {"mmlu": 1},
        "n-samples": {"mmlu": {"original": 900, "effective": 900}},
    }
    figure = Figure("lm_eval.mmlu.acc", None, ("results", "mmlu", "acc,none"), value)
    built = Built("lm_eval", content, [figure])
    other = Literal("0.001" if value > Decimal("0.5") else "0.999")
    built.faults += [
        Fault("groups say otherwise", put(("groups",), {"mmlu": {"acc,none": other}}), (0,)),
        Fault("value is N/A", put(figure.path, "N/A"), (0,)),
        Fault("task is null", put(("results", "mmlu"), None), (0,)),
    ]
    return built


def inspect(rng: random.Random) -> Built:
    """A log of Inspect."""
    value, literal = number(rng)
    error = {"name": "stderr", "value": Literal("0.01")}
    scores = [
        {
            "name": "match",
            "scorer": "match",
            "scored_samples": 100,
            "unscored_samples": 0,
            "metrics": {"accuracy": {"name": "accuracy", "value": literal}, "stderr": error},
        }
    ]
    content = {
        "version": 2,
        "status": "success",
        "eval": {"task": "quiz", "run_id": "r", "dataset": {"samples": 100}},
        "results": {"total_samples": 100, "completed_samples": 100, "scores": scores},
    }
    where = ("results", "scores", 0, "metrics", "accuracy")
    built = Built(
        "inspect_log", content, [Figure("inspect.quiz.match.accuracy", None, (*where, "value"), value)]
    )
    # A log of a run that did not end well, or that leaves samples out, proves nothing.
    built.faults += [
        *(
            Fault(f"status {status}", put(("status",), status), (0,))
            for status in ("error", "cancelled", "started")
        ),
        *(
            Fault(f"completed {text}", put(("results", "completed_samples"), Literal(text)), (0,))
            for text in ("10", "10.0", '"10"', "null", "0")
        ),
        Fault("total as a float", put(("results", "total_samples"), Literal("1000.0")), (0,)),
        Fault("completed not said", drop(("results", "completed_samples")), (0,)),
        Fault("total not said", drop(("results", "total_samples")), (0,)),
        Fault("unscored samples", put(("results", "scores", 0, "unscored_samples"), 5), (0,)),
        Fault(
            "unscored samples as a float",
            put(("results", "scores", 0, "unscored_samples"), Literal("5.0")),
            (0,),
        ),
        Fault("log is invalidated", put(("invalidated",), True), (0,)),
        Fault(
            "error beside success",
            put(("error",), {"message": "lost", "traceback": "", "traceback_ansi": ""}),
            (0,),
        ),
        Fault("results are null", put(("results",), None), (0,)),
    ]
    return built


def model_card(rng: random.Random) -> Built:
    """A SageMaker model card's evaluation."""
    value, literal = number(rng)
    metric = {"name": "mse", "type": "number", "value": literal}
    content = {"metric_groups": [{"name": "regression", "metric_data": [metric]}]}
    where = ("metric_groups", 0, "metric_data", 0)
    return Built(
        "sagemaker_model_card", content, [Figure("model_card.regression.mse", None, (*where, "value"), value)]
    )


def bedrock(rng: random.Random) -> Built:
    """Bedrock's automated evaluation, a line a prompt, all with one score."""
    value = Decimal(rng.randint(1, 7)) / 8
    count = rng.randint(3, 5)
    lines = [
        {
            "automatedEvaluationResult": {
                "scores": [{"metricName": "Builtin.Accuracy", "result": Literal(str(value))}]
            },
            "inputRecord": {"prompt": "q", "referenceResponse": "r"},
            "modelResponses": [{"response": "r", "modelIdentifier": "m"}],
        }
        for _ in range(count)
    ]
    # One score, so that the mean is that of any line; the fault is in one line of them.
    row = rng.randrange(count)
    scores = (row, "automatedEvaluationResult", "scores")
    figure = Figure(
        "bedrock_evaluation.Builtin.Accuracy", None, (*scores, 0, "result"), value, can_be_set=False
    )
    built = Built(
        "bedrock_evaluation",
        lines,
        [figure],
        encode=lambda content: "\n".join(map(encode, content)).encode(),
        name="abc_output.jsonl",
    )
    for junk in no_numbers():
        built.faults.append(Fault(f"line with {encode(junk)}", put((*scores, 0, "result"), junk), (0,)))
    built.faults += [
        Fault("line without scores", put(scores, []), (0,)),
        Fault("line without results", drop(scores[:-1]), (0,)),
    ]
    return built


def ragas_columns(rng: random.Random) -> Built:
    """RAGAS's scores as a table by columns, as pandas writes it."""
    count = rng.randint(3, 6)
    value = Decimal(rng.randint(1, 7)) / 8
    cells = {str(row): Literal(str(value)) for row in range(count)}
    content = {"user_input": {str(row): "q" for row in range(count)}, "faithfulness": cells}
    built = Built(
        "ragas", content, [Figure("rag.faithfulness", None, ("faithfulness",), value, can_be_set=False)]
    )
    row = str(rng.randrange(count))
    for junk in no_numbers():
        built.faults.append(Fault(f"cell with {encode(junk)}", put(("faithfulness", row), junk), (0,)))
    built.faults.append(Fault("a row without a cell", drop(("faithfulness", row)), (0,)))
    return built


def inspect_archive(rng: random.Random) -> Built:
    """A log of Inspect as the archive that it writes by default."""
    built = inspect(rng)

    def pack(content: Any) -> bytes:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as log:
            log.writestr(zipfile.ZipInfo("header.json"), encode(content))
        return archive.getvalue()

    built.encode, built.name = pack, "log.eval"
    return built


def model_monitor_constraints(rng: random.Random) -> Built:
    """Model Monitor's constraints of data quality."""
    features = []
    figures = []
    for index, name in enumerate(["age", "income"]):
        value, literal = number(rng)
        features.append({"name": name, "inferred_type": "Integral", "completeness": literal})
        where = ("features", index, "completeness")
        figures.append(Figure("model_monitor.constraints.completeness", name, where, value))
    config = {"evaluate_constraints": "Enabled", "emit_metrics": "Enabled"}
    content = {"version": 0, "features": features, "monitoring_config": config}
    return Built("model_monitor_constraints", content, figures)


def model_quality(rng: random.Random) -> Built:
    """Model Monitor's statistics of model quality."""
    value, literal = number(rng)
    entry = {"value": literal, "standard_deviation": Literal("0.002")}
    content = {
        "version": 0.0,
        "dataset": {"item_count": 900, "evaluation_time": "2026-01-01T00:00:00.000Z"},
        "binary_classification_metrics": {"recall": entry},
    }
    where = ("binary_classification_metrics", "recall")
    figure = Figure("model_monitor.binary_classification.recall", None, (*where, "value"), value, where)
    return Built("model_monitor_statistics", content, [figure])


def sagemaker_benchmark(rng: random.Random) -> Built:
    """The results of a benchmark of the SageMaker SDK."""
    value, literal = number(rng)
    content = {"results": {"all": {"acc": literal, "acc_stderr": Literal("0.01")}}}
    figure = Figure("sagemaker_benchmark.all.acc", None, ("results", "all", "acc"), value)
    built = Built("sagemaker_evaluators", content, [figure])
    built.faults.append(Fault("task is null", put(("results", "all"), None), (0,)))
    return built


def sagemaker_judge(rng: random.Random) -> Built:
    """The results of the SageMaker SDK's LLM as a judge."""
    value, literal = number(rng)
    entry = {"score": literal, "std_deviation": Literal("0.2"), "total_evaluations": 40}
    content = {"results": {"Correctness": entry, "Helpfulness": dict(entry)}}
    figure = Figure("sagemaker_llm_judge.Correctness", None, ("results", "Correctness", "score"), value)
    built = Built("sagemaker_evaluators", content, [figure])
    built.faults += [
        Fault("entry is null", put(("results", "Correctness"), None), (0,)),
        Fault("score gone", drop(figure.path), (0,)),
        Fault("no evaluations", put(("results", "Correctness", "total_evaluations"), 0), (0,)),
    ]
    return built


def trainer_state(rng: random.Random) -> Built:
    """The log of a training run by Hugging Face's Trainer."""
    value, literal = number(rng)
    log = [
        {"epoch": 1.0, "step": 10, "loss": 0.5},
        {"epoch": 1.0, "step": 10, "eval_accuracy": Literal("0.5"), "eval_loss": 0.4},
        {"epoch": 2.0, "step": 20, "eval_accuracy": literal, "eval_loss": 0.4},
    ]
    content = {"best_metric": None, "epoch": 2.0, "global_step": 20, "log_history": log}
    figure = Figure("trainer_state.eval_accuracy", None, ("log_history", 2, "eval_accuracy"), value)
    built = Built("trainer_state", content, [figure])
    built.faults += [
        Fault("log is null", put(("log_history",), None), (0,)),
        Fault("last entry is null", put(("log_history", 2), None), (0,)),
    ]
    return built


FORMATS: tuple[Callable[[random.Random], Built], ...] = (
    evaluation,
    dotted,
    flat,
    clarify_bias,
    clarify_explainability,
    model_monitor_statistics,
    model_monitor_violations,
    ragas,
    ragas_columns,
    fmeval,
    lm_eval,
    inspect,
    inspect_archive,
    model_card,
    model_monitor_constraints,
    model_quality,
    bedrock,
    sagemaker_benchmark,
    sagemaker_judge,
    trainer_state,
)
