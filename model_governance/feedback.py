"""Scoring people's ratings, as `governance score feedback` does it."""

from scorers.feedback import Columns as FeedbackColumns
from scorers.feedback import Scale as FeedbackScale
from scorers.feedback import score_feedback

__all__ = ["FeedbackColumns", "FeedbackScale", "score_feedback"]
