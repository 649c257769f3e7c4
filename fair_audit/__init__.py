"""fair-audit in Python: the same reports from arrays, from a server, and of two runs.

    import fair_audit

    found = fair_audit.report(y_true, y_score, groups={"race": race, "sex": sex}, threshold=0.5)
    found                  # in a notebook: the page
    found.to_frame()       # every number, as a pandas table
    found.save("reports/first")

It holds no logic: each function runs the command of the same name, arrays written to a file.
"""

from fair_audit.arrays import report
from fair_audit.result import Result
from fair_audit.through_commands import audit, compare

__all__ = ["Result", "audit", "compare", "report"]
