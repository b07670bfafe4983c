"""What goes wrong with a judge, in words that the reasons of missing scores begin with."""

CUT_OFF = "the judge did not finish its answer"
PROSE = "the judge answered prose instead of JSON"
NO_ANSWER = "the judge did not answer"


class JudgeError(Exception):
    """What the judge said (or did not say) cannot be used, and why."""
