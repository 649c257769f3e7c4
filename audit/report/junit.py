"""junit.xml: one test case a check, for the test panel of a CI system."""

from collections.abc import Sequence

from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite

from audit.policy import Check, Policy


def to_junit(policy: Policy, checks: Sequence[Check]) -> str:
    """FAIL is a failure, INCONCLUSIVE is skipped, with the numbers as the message."""
    suite = TestSuite(f"fair-audit: {policy.name}")
    for check in checks:
        case = TestCase(f"{check.group}: {check.metric} {check.margin}", check.attribute)
        limits = "" if check.low is None else f" [{check.low:.4f}, {check.high:.4f}]"
        value = "undefined" if check.value is None else f"{check.value:.4f}{limits}"
        message = f"{check.attribute} {check.group}: {check.metric} is {value}, {check.margin}"
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
