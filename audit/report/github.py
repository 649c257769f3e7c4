"""Annotations of GitHub Actions for checks that fail or cannot be decided.

Source: workflow commands, https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from audit.policy.verdict import Check, Judgement
from audit.report.layout import limited, subject
from fairness.text import one_line

COMMANDS = {"FAIL": "error", "INCONCLUSIVE": "warning"}
"""By verdict; what passes needs none."""


def annotations(judgement: Judgement) -> list[str]:
    """One line a check, for the standard output of a step."""
    return [
        annotation(check, judgement.policy.name)
        for check in judgement.checks
        if check.verdict in COMMANDS
    ]


def annotation(check: Check, policy: str) -> str:
    """`::error title=...::message`; nothing in a text from a file ends the line or its title."""
    title = f"fair-audit {check.verdict}, policy {policy}"
    value = "undefined" if check.value is None else limited(check.value, check.low, check.high)
    message = (
        f"{check.metric} of {check.attribute} {subject(check)}: {value}, margin {check.margin}"
    )
    if check.reason:
        message += f" ({check.reason})"
    return f"::{COMMANDS[check.verdict]} title={in_property(title)}::{in_data(message)}"


def in_data(text: str) -> str:
    """A message, escaped as GitHub's own toolkit does."""
    return one_line(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def in_property(text: str) -> str:
    """A property, in which colon and comma end it."""
    return in_data(text).replace(":", "%3A").replace(",", "%2C")
