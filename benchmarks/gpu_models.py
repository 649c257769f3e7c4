"""FairCLIP with random weights, exported for a GPU.

    python -m benchmarks.gpu_models REPOSITORY

for a machine that serves but has no torch: `python -m benchmarks.gpu --models REPOSITORY` takes
them there.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import ModelConfig

from fairness.text import printable

NAMES = {"fp32": "fairclip", "fp16": "fairclip_fp16"}


def main() -> None:
    """Export."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repository", type=Path, help="model repository to write")
    parser.add_argument("--tiny", action="store_true", help="a tiny network")
    flags = parser.parse_args()
    export_models(flags.repository, tiny=flags.tiny)


def export_models(repository: Path, *, tiny: bool) -> None:
    """ViT-B/16, or the tiny network, in fp32 and in fp16.

    Raises:
        RuntimeError: an export failed; the message is its own.
    """
    # torch takes seconds to import, and serving needs none.
    import torch

    from export.__main__ import run
    from fairness.contract import Threshold
    from training import checkpoint
    from training.checkpoint_record import FairCLIPRecord
    from training.models.clip import build
    from training.models.clip_sizes import Preset

    preset: Preset = "tiny" if tiny else "vit-b16"
    torch.manual_seed(0)
    threshold = Threshold(value=0.5, rule="youden", split="val", split_sha256="0" * 64)
    record = FairCLIPRecord(
        preset=preset, dataset="fairvlmed", target="glaucoma", threshold=threshold
    )
    model = build(preset, None)
    with tempfile.TemporaryDirectory() as folder:
        best = Path(folder) / "best"
        checkpoint.save(best, model.state_dict(), model.towers.config.to_dict(), record)
        for precision, name in NAMES.items():
            flags = ["--repository", str(repository), "--name", name, "--precision", precision]
            if run([folder, *flags]):
                raise RuntimeError(f"the export in {precision} failed")


def add_tensorrt(repository: Path) -> None:
    """Beside each fp32 model a copy that TensorRT computes, in fp32 and in fp16.

    Args:
        repository: of exported models; their weights are copied.
    """
    for folder in [path.parent for path in sorted(repository.glob("*/config.pbtxt"))]:
        if folder.name.endswith("fp16"):
            continue
        for mode in ("FP32", "FP16"):
            target = repository / f"{folder.name}_tensorrt_{mode.lower()}"
            shutil.copytree(folder, target)
            config = text_format.Parse((folder / "config.pbtxt").read_text(), ModelConfig())
            config.name = target.name
            accelerator = config.optimization.execution_accelerators.gpu_execution_accelerator.add()
            accelerator.name = "tensorrt"
            accelerator.parameters["precision_mode"] = mode
            (target / "config.pbtxt").write_text(text_format.MessageToString(config))
            print(printable(f"{target.name}: the same weights, computed by TensorRT"), flush=True)


if __name__ == "__main__":
    main()
