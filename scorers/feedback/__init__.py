"""Feedback as evidence: people's ratings in, net promoter score and mean rating out."""

from scorers.feedback.ratings import Columns
from scorers.feedback.scale import ELEVEN_POINTS, FIVE_POINTS, Scale
from scorers.feedback.scoring import FeedbackEvidence, score_feedback

__all__ = ["ELEVEN_POINTS", "FIVE_POINTS", "Columns", "FeedbackEvidence", "Scale", "score_feedback"]
