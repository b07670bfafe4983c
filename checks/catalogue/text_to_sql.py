"""The metrics of `governance score text-to-sql`."""

from checks.catalogue.metric import POSITIVE, SHARE, Better, Facets, Family, Metric, Unit, with_largest_gaps

SPIDER = "Zhong, Yu and Klein, EMNLP 2020; taoyds/test-suite-sql-eval"
SPIDER_EXACT = "Yu et al., EMNLP 2018, section 5"
BIRD = "Li et al., NeurIPS 2023, section 5.1"
OWN = "docs/scoring-text-to-sql.md"


def _share(name: str, meaning: str, source: str, better: Better) -> Metric:
    return Metric(f"text_to_sql.{name}", meaning, source, SHARE, better, Unit.SHARE)


def _seconds(name: str, meaning: str, source: str, facets: Facets = Facets.EITHER) -> Metric:
    return Metric(f"latency.{name}", meaning, source, POSITIVE, Better.LOWER, Unit.SECONDS, facets)


FAMILY = Family(
    "Text-to-SQL and latency (`governance score text-to-sql`)",
    "Shares of the questions to which the metric applies; questions whose gold query fails are in none but "
    "gold_error_rate.",
    (
        *with_largest_gaps(
            _share(
                "execution_accuracy",
                "Predictions whose result equals the gold query's, under some permutation of the columns.",
                SPIDER,
                Better.HIGHER,
            ),
            _share(
                "execution_accuracy_bird",
                "Predictions whose set of rows equals the gold query's, columns in the same order.",
                BIRD,
                Better.HIGHER,
            ),
            _share(
                "exact_set_match",
                "Predictions with the gold query's components in every clause, whatever the literals.",
                SPIDER_EXACT,
                Better.HIGHER,
            ),
            _share("valid_sql_rate", "Predictions that parse in the stated dialect.", OWN, Better.HIGHER),
            _share(
                "execution_error_rate",
                "Safe predictions that the engine refuses, or that pass the bounds on rows or memory.",
                OWN,
                Better.LOWER,
            ),
            _share("timeout_rate", "Predictions stopped at the time limit.", OWN, Better.LOWER),
            _share(
                "unsafe_sql_rate",
                "Predictions that are anything but a single query that only reads.",
                OWN,
                Better.LOWER,
            ),
            _share(
                "empty_gold_rate",
                "Gold queries that give no row, beside which every prediction without rows counts as correct.",
                OWN,
                Better.LOWER,
            ),
            _share(
                "schema_hallucination_rate",
                "Predictions that name a table or column which the schema does not have.",
                OWN,
                Better.LOWER,
            ),
            _share(
                "transpilation_failure_rate",
                "Predictions that parse and cannot be written for the engine.",
                OWN,
                Better.LOWER,
            ),
            _share("gold_error_rate", "Questions whose gold query fails.", OWN, Better.LOWER),
            Metric(
                "text_to_sql.relative_execution_time",
                "Mean over correct predictions of their time over the gold query's; 1 is as fast.",
                BIRD,
                POSITIVE,
                Better.LOWER,
                Unit.RATIO,
            ),
            _seconds("mean_seconds", "The mean time to an answer.", OWN),
        ),
        _seconds("p50_seconds", "The median time to an answer.", OWN, Facets.WHOLE),
        _seconds("p95_seconds", "The time within which 95 % of the answers come.", OWN, Facets.WHOLE),
    ),
)
