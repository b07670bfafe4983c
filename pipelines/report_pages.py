"""The page beside each decision record: written once, for people; no program reads it again."""

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from aws.decision_log import DecisionLog
from aws.one_time_writes import write_object_once
from aws.record_seals import Seals
from aws.s3_uris import S3Uri
from pages.decision_page import write_decision_page
from pipelines.earlier_decisions import list_earlier
from pipelines.record_keys import is_decision, page_uri
from pipelines.sealed_decisions import read_in_place

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONTENT_TYPE = "text/html; charset=utf-8"
MOST_EARLIER = 20  # versions that the trends of a page show


class PageOutcome(StrEnum):
    """What was done about an object of the decision log."""

    WRITTEN = "written"
    THERE_ALREADY = "there already"
    NO_DECISION = "no decision"


class PageServices(Struct, frozen=True):
    """Where pages are written, the log whose records they are made of, and how these are known to be the gate's."""

    s3: "S3Client"
    decisions: DecisionLog
    seals: Seals


def write_report_page(uri: str, services: PageServices) -> PageOutcome:
    """Write the page of the decision at `uri` beside it, once; other objects of the log, such as outcomes, get none.

    Who can write into the bucket could put a record there: a page is made only of one that step one sealed, and that
    is where step one writes it.

    Raises:
        DecisionMismatchError: the record is not the one that step one wrote there.
        AwsError: S3 or KMS could not be asked; the decision is as it was.
        GovernanceError: the record, or one of an earlier version, cannot be read.
    """
    if not is_decision(uri):
        return PageOutcome.NO_DECISION
    record, package, _ = read_in_place(services.decisions, services.seals, uri)
    earlier = list_earlier(services.decisions, package.group, package.version, most=MOST_EARLIER)
    page = write_decision_page(record, earlier, uri)
    place = S3Uri.parse(page_uri(uri))
    is_new = write_object_once(services.s3, place, page.encode(), content_type=CONTENT_TYPE)
    return PageOutcome.WRITTEN if is_new else PageOutcome.THERE_ALREADY
