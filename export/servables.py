"""The servable of a checkpoint, whatever its method."""

from export.servable import Servable
from export.servable_blip2 import servable_blip2
from export.servable_clip import servable_clip
from export.servable_fairlora import servable_fairlora
from export.servable_head import servable_head
from export.servable_masks import servable_masks
from fairness.errors import UsageError
from training.checkpoint import Stored
from training.checkpoint_record import Blip2Record, FairLoRARecord, FairSegRecord, HeadRecord


def servable_of(
    stored: Stored, *, probabilities: bool = False, merge_group: str | None = None
) -> Servable:
    """The servable of a checkpoint.

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
    if isinstance(record, FairLoRARecord):
        return servable_fairlora(stored, record, merge_group)
    if merge_group is not None:
        raise UsageError(f"--merge-group is for FairLoRA; {record.method} has no group to merge")
    if isinstance(record, FairSegRecord):
        return servable_masks(stored, record, probabilities)
    if isinstance(record, HeadRecord):
        return servable_head(stored, record)
    if isinstance(record, Blip2Record):
        return servable_blip2(stored, record)
    return servable_clip(stored, record)
