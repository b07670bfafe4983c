"""The events that services send to EventBridge, in the shapes that AWS documents, and their way to the rules."""

import threading
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox.buses import default_bus, put_onto_bus, timestamp

MODEL_PACKAGE = "SageMaker Model Package State Change"
EXECUTION = "SageMaker Model Building Pipeline Execution Status Change"
STEP = "SageMaker Model Building Pipeline Execution Step Status Change"


class EventLog:
    """Sends events to the account's rules and keeps what was sent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: list[dict[str, Any]] = []

    def publish(
        self,
        detail_type: str,
        detail: Mapping[str, Any],
        *,
        resources: list[str],
        account: str,
        region: str,
        source: str = "aws.sagemaker",
    ) -> None:
        """Send one event of a service to every rule of the default bus."""
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": account,
            "time": timestamp(datetime.now(UTC)),
            "region": region,
            "resources": resources,
            "detail": dict(detail),
        }
        self.send(event)

    def send(self, event: dict[str, Any]) -> None:
        """Keep an event and deliver it."""
        self.keep(event)
        self.deliver(event)

    def keep(self, event: dict[str, Any]) -> None:
        """Keep an event as one that was sent."""
        with self._lock:
            self._sent.append(event)

    def deliver(self, event: Mapping[str, Any]) -> None:
        """Hand an event, new or seen before, to every rule of the default bus; rules that do not match drop it."""
        put_onto_bus(event, default_bus(event["account"], event["region"]))

    def sent(self) -> list[dict[str, Any]]:
        """Return every event that was published, oldest first."""
        with self._lock:
            return list(self._sent)


def model_package_detail(package: Any, updated_fields: Sequence[str] = ()) -> dict[str, Any]:
    """Return the `detail` of a model package's event from moto's model package.

    `updated_fields` are what an update changed; that of a registration has no such list.

    `LastModifiedTime` of a package that was never updated is its creation time. Fields that the package does
    not have are left out, as AWS does; an unversioned package has a name and no group.
    """
    described = package.gen_response_object()
    # Of all that the API describes, only these are in AWS's event.
    names = (
        "ModelPackageName",
        "ModelPackageGroupName",
        "ModelPackageVersion",
        "ModelPackageArn",
        "ModelPackageDescription",
        "InferenceSpecification",
        "ModelPackageStatus",
        "ModelPackageStatusDetails",
        "CertifyForMarketplace",
        "ModelApprovalStatus",
        "MetadataProperties",
        "ModelMetrics",
        "CustomerMetadataProperties",
        "ApprovalDescription",
    )
    updated = {"UpdatedModelPackageFields": list(updated_fields)} if updated_fields else {}
    return (
        {name: described[name] for name in names if described.get(name) is not None}
        | updated
        | {
            "CreationTime": timestamp(package.creation_time),
            "LastModifiedTime": timestamp(package.last_modified_time or package.creation_time),
        }
    )
