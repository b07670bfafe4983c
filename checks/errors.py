"""The error that a user can fix, and nothing else."""


class GovernanceError(Exception):
    """Something that the user can put right; the message says where, what, and the way out.

    The command line prints the message without a traceback and exits with 2; a step of the pipeline fails with it.
    Every error that a room raises on purpose derives from this class.
    """
