"""Clarify's bias metrics: of a file of predictions, as `governance score bias` computes them, or of a data frame."""

from scorers.bias import Above, Facet, Values, bias_report
from scorers.bias.scoring import TableRun as BiasTable
from scorers.bias.scoring import score_table as score_bias

__all__ = ["Above", "BiasTable", "Facet", "Values", "bias_report", "score_bias"]
