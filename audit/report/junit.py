"""junit.xml: one test case a check, for the test panel of a CI system."""

from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite

from audit.policy.verdict import Judgement
from audit.report.layout import limited, subject


def to_junit(judgement: Judgement) -> str:
    """FAIL is a failure, INCONCLUSIVE is skipped, with the numbers as the message."""
    suite = TestSuite(f"fair-audit: {judgement.policy.name}")
    for check in judgement.checks:
        about = subject(check)
        case = TestCase(f"{about}: {check.metric} {check.margin}", check.attribute)
        value = limited(check.value, check.low, check.high, digits=4)
        value = "undefined" if check.value is None else value
        message = f"{check.attribute} {about}: {check.metric} is {value}, {check.margin}"
        if check.reason:
            message += f"; {check.reason}"
        if check.verdict == "FAIL":
            case.result = [Failure(message)]
        elif check.verdict == "INCONCLUSIVE":
            case.result = [Skipped(message)]
        suite.add_testcase(case)
    document = JUnitXml("fair-audit")
    document.add_testsuite(suite)
    content: bytes = document.tostring()  # type: ignore[no-untyped-call]  # it has no annotation
    return content.decode()
