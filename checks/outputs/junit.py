"""JUnit's XML: a suite for each version, and a test case for each check, as Jenkins and GitLab read it.

A check that rejects or asks for review is a failure; that nothing could be decided is an error.
"""

from collections.abc import Sequence
from xml.etree import ElementTree

from checks.decision import Consequence
from checks.finding_text import ASKS
from checks.outputs.told import RESULT, Told, ToldPoint, plain_line

_FAILS = (Consequence.REJECT, Consequence.REVIEW)


def write_junit(told: Sequence[Told]) -> str:
    """Return the document, in UTF-8 by its declaration; each suite counts its cases, failures and errors."""
    suites = [_make_suite(one) for one in told]
    root = ElementTree.Element("testsuites", {"name": "model governance"})
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    root.extend(suites)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="us-ascii").decode()}\n'


def _make_suite(told: Told) -> ElementTree.Element:
    points = told.list_points()
    cases = [_make_case(told, point) for point in points]
    suite = ElementTree.Element("testsuite", {"name": plain_line(told.subject), "tests": str(len(cases))})
    suite.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    suite.set("errors", str(sum(case.find("error") is not None for case in cases)))
    if told.record is not None:
        # The schema that most readers have takes times without a zone; these are of UTC.
        suite.set("timestamp", told.record.decided_at.removesuffix("Z"))
    suite.extend(cases)
    ElementTree.SubElement(suite, "system-out").text = plain_line("; ".join((told.title, *told.notes)))
    return suite


def _make_case(told: Told, point: ToldPoint) -> ElementTree.Element:
    thresholds = None if told.record is None else told.record.thresholds
    class_name = "governance" if thresholds is None else thresholds.name
    case = ElementTree.Element(
        "testcase", {"name": plain_line(point.name), "classname": plain_line(class_name)}
    )
    message = plain_line(point.message)
    if told.is_error and point.check == RESULT and point.finding is None:
        ElementTree.SubElement(case, "error", {"message": message, "type": "not decided"})
    elif point.consequence in _FAILS:
        failure = ElementTree.SubElement(
            case, "failure", {"message": message, "type": ASKS[point.consequence]}
        )
        failure.text = plain_line(point.why)
    elif point.consequence is not None:
        ElementTree.SubElement(case, "system-out").text = f"{ASKS[point.consequence]}: {message}"
    return case
