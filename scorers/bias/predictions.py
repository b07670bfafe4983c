"""Predictions that are no labels: scores and probabilities, and labels that are spelt apart."""

from collections.abc import Collection

import pandas as pd

from scorers.bias.columns import BiasError, CellKind, Scalar, examples, kind_of
from scorers.bias.spelling import spellings

MANY_STRAYS = 10  # predicted values beside the labels from which on integers look like scores


def refuse_other_labels(labels: pd.Series, predictions: pd.Series) -> list[str]:
    """Refuse predictions that are not of the kind that the labels are; return remarks on single values that are not.

    Raises:
        BiasError: for scores, such as probabilities, and for predictions of which none is a label.
    """
    where = f"predicted label {predictions.name}"
    known, predicted = spellings(labels), spellings(predictions)
    strays = {word: cells[0] for word, cells in predicted.items() if word not in known}
    if not strays:
        return []
    shown = examples(pd.Series(list(strays.values()), dtype=object))
    if _are_scores(predictions, strays.values(), len(known)):
        raise BiasError(
            f"{where}: {shown} are no values of label {labels.name} ({examples(labels)}) but look like "
            f"probabilities or scores; {_way_out_for_scores(labels, predictions)}"
        )
    if len(strays) == len(predicted):
        raise BiasError(
            f"{where}: it holds {examples(predictions)}, and label {labels.name} holds {examples(labels)}, spelt "
            "apart; write both columns with the same values, and name the positive ones with --positive"
        )
    return [
        f"{where}: {shown} is no value of label {labels.name} ({examples(labels)}), and not positive unless named"
    ]


def _are_scores(predictions: pd.Series, strays: Collection[Scalar], labels: int) -> bool:
    """Whether the predicted values that are no labels are fractions, or more integers than there are classes."""
    if kind_of(predictions) is not CellKind.NUMBERS:
        return False
    is_fraction = any(float(stray) % 1 for stray in strays)
    return is_fraction or len(strays) > max(MANY_STRAYS, labels)


def _way_out_for_scores(labels: pd.Series, predictions: pd.Series) -> str:
    within_one = bool(predictions.between(0, 1).all())
    if within_one and kind_of(labels) in {CellKind.NUMBERS, CellKind.TRUTH_VALUES}:
        return "give a threshold, such as --positive '>0.5'"
    return (
        f"make a column of labels of them, such as {predictions.name} > 0.5, and name that with --predicted"
    )
