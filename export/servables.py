"""The checkpoint of any method as something to serve."""

from export.servable import Servable
from export.servable_clip import servable_clip
from export.servable_fairlora import servable_fairlora
from export.servable_masks import servable_masks
from fairness.errors import UsageError
from training.checkpoint import Stored
from training.checkpoint_record import FairCLIPRecord, FairSegRecord


def servable_of(
    stored: Stored, *, probabilities: bool = False, merge_group: str | None = None
) -> Servable:
    """What is served of a checkpoint.

    Args:
        stored: the checkpoint.
        probabilities: masks only: answer the probability of each class as well.
        merge_group: FairLoRA only: one group, or `unknown`, whose weights are merged for good.

    Raises:
        DataError: the checkpoint's tensors do not fit its architecture.
        UsageError: an option does not apply to the method.
    """
    record = stored.record
    if probabilities and not isinstance(record, FairSegRecord):
        raise UsageError(f"--with-probabilities is for masks; {record.method} answers one anyway")
    if isinstance(record, FairSegRecord):
        if merge_group is not None:
            raise UsageError("--merge-group is for FairLoRA; fairseg has no group to merge")
        return servable_masks(stored, record, probabilities)
    if isinstance(record, FairCLIPRecord):
        if merge_group is not None:
            raise UsageError("--merge-group is for FairLoRA; fairclip has no group to merge")
        return servable_clip(stored, record)
    return servable_fairlora(stored, record, merge_group)
