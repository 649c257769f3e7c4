"""Weights that a FairSeg run starts from: pretrained ones, or another run's checkpoint."""

from pathlib import Path

from fairness.errors import DataError, UsageError
from training import checkpoint
from training.checkpoint_record import FairSegRecord, Network
from training.models.sam_weights import load_lora, load_sam
from training.models.samed import Samed
from training.models.segmenter import Segmenter
from training.models.transunet_npz import load_npz


def start_from(
    model: Segmenter, network: Network, weights: Path | None, lora: Path | None, run: Path | None
) -> None:
    """Put pretrained weights or the best checkpoint of a run into the model, in place.

    Args:
        model: the network.
        network: its name.
        weights: SAM's or ImageNet's file.
        lora: SAMed's file, which goes over SAM's.
        run: folder of a run.

    Raises:
        UsageError: files and a run are given, the run trained another network, or SAMed's file is
            given to a TransUNet.
        DataError: a file is missing, damaged, or does not fit.
    """
    if (weights or lora) and run is not None:
        raise UsageError("--start and --weights both say where to start from; give one of them")
    for file in filter(None, (weights, lora)):
        if not file.is_file():
            raise DataError(
                f"{file}: no such file; docs/methods.md says where SAM's and ImageNet's are"
            )
    if weights is not None:
        if isinstance(model, Samed):
            load_sam(model, weights)
        else:
            load_npz(model, weights)
    if lora is not None:
        if not isinstance(model, Samed):
            raise UsageError(f"--lora is SAMed's; a {network} has no adapters")
        load_lora(model, lora)
    if run is not None:
        stored = checkpoint.load(run / "best")
        record = stored.record
        if not isinstance(record, FairSegRecord) or record.model != network:
            what = record.model if isinstance(record, FairSegRecord) else record.method
            raise UsageError(f"--start {run} holds a {what}, not a {network}")
        if stored.configuration(type(model.config), network) != model.config:
            raise UsageError(f"--start {run} holds a {network} of another size; use its --preset")
        stored.fill(model)
