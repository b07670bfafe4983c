"""Scoring people's ratings, as `governance score feedback` does it."""

from scorers.feedback.ratings import Columns as FeedbackColumns
from scorers.feedback.ratings import Scale as FeedbackScale
from scorers.feedback.ratings import score_feedback

__all__ = ["FeedbackColumns", "FeedbackScale", "score_feedback"]
