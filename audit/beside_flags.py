"""Flags that ask for numbers beside those of a report."""

from dataclasses import dataclass
from typing import Annotated

import tyro

from fairness.beside.asked import Asked
from fairness.beside.prevalences import check_groups, prevalences_in
from fairness.errors import UsageError
from fairness.groups import Grouping
from fairness.tasks.binary import BinaryTask
from fairness.tasks.task import Task


@dataclass(frozen=True)
class BesideFlags:
    """Flags of `fair-audit` and `fair-audit report`; without any the report stays as it is."""

    target_prevalence: Annotated[
        tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="SHARE")
    ] = ()
    """Also show what depends on prevalence at that of the patients to come: 0.08, or by group
    race=Black:0.1,White:0.05; several times for both."""

    def asked(self, task: Task, groupings: list[Grouping]) -> Asked:
        """What the flags say, checked against the groups of the data.

        Raises:
            UsageError: a flag cannot be read, or does not fit the task or the groups.
        """
        flag = next((name for name, given in self.given().items() if given), None)
        if flag is not None and task.kind != BinaryTask.kind:
            raise UsageError(
                f"{flag} is for classifiers of two classes; these are results of {task.kind}"
            )
        prevalences = None
        if self.target_prevalence:
            prevalences = prevalences_in(self.target_prevalence)
            check_groups(prevalences, [grouping.attribute for grouping in groupings])
        return Asked(prevalences)

    def given(self) -> dict[str, bool]:
        """Flag to whether it was given."""
        return {"--target-prevalence": bool(self.target_prevalence)}
