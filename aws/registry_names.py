"""The names by which the gate and SageMaker understand each other: the event, its fields, statuses, metadata.

Nothing of the project is imported here, so that the stack (`infra`) takes its rule and its permissions from the very
names that the functions read. The sandbox takes the place of AWS and has names of its own.
"""

from typing import Final

# The event of EventBridge that tells of a change of a model package.
EVENT_SOURCE = "aws.sagemaker"
EVENT_DETAIL_TYPE = "SageMaker Model Package State Change"
ARN_FIELD = "ModelPackageArn"
GROUP_FIELD = "ModelPackageGroupName"
APPROVAL_STATUS_FIELD = "ModelApprovalStatus"
# What an update changed; an event may lack it.
UPDATED_FIELDS_FIELD = "UpdatedModelPackageFields"

# The values of `ModelApprovalStatus`; those of `ModelPackageStatus` with which a version can be used, or never will.
APPROVED = "Approved"
REJECTED = "Rejected"
PENDING: Final = "PendingManualApproval"
APPROVAL_STATUSES = (APPROVED, REJECTED, PENDING)
COMPLETED = "Completed"
# The value of `ModelPackageRegistrationType` of a version that is kept without being meant for approval. It has no
# `ModelApprovalStatus`; the gate calls its status so.
LOGGED = "Logged"
UNUSABLE = ("Failed", "Deleting")

# The gate's own `CustomerMetadataProperties`: first what a version is registered with.
OWN_PROPERTIES = "governance:"
EVIDENCE_PROPERTY = "governance:evidence"
EVIDENCE_DIGEST_PROPERTY = "governance:evidence-digest"
ABOUT_PROPERTY = "governance:about"
# Then what carrying out a decision leaves on it; the last one is the status that it left the version with.
DECISION_URI_PROPERTY = "governance:decision-uri"
DECISION_DIGEST_PROPERTY = "governance:decision-digest"
THRESHOLDS_DIGEST_PROPERTY = "governance:thresholds-digest"
STATUS_PROPERTY = "governance:status"
# The same for what could not be decided.
UNDECIDED_URI_PROPERTY = "governance:undecided-uri"
UNDECIDED_DIGEST_PROPERTY = "governance:undecided-digest"
# And the ARN of the execution that failed for the last time.
FAILED_EXECUTION_PROPERTY = "governance:failed-execution"
