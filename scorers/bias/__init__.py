"""Clarify's bias metrics for tables of predictions, and for the results of scoring generative models."""

from scorers.bias.columns import BiasError
from scorers.bias.report import bias_report
from scorers.bias.row_groups import Above, Facet, Values, parse_facet, parse_positive

__all__ = ["Above", "BiasError", "Facet", "Values", "bias_report", "parse_facet", "parse_positive"]
