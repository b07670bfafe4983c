"""The errors that the API raises. Each message says where, what, and the way out."""

from aws.aws_errors import AwsError
from checks.errors import GovernanceError
from checks.threshold_file import ThresholdFileError

__all__ = ["AwsError", "GovernanceError", "ThresholdFileError"]
