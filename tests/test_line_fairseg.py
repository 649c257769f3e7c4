"""FairSeg as a user types it: data > training > ONNX > Triton > fair-audit, for each network.

Served masks must be training's own: the Dice of every sample to 1e-3, and 99.99 % of the pixels.
"""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from commands import command
from PIL import Image as Picture

from audit.cli import run as fair_audit
from fairness.datasets.fairseg import FairSeg
from fairness.datasets.stream import batches
from fairness.group_input import RECORDED
from fairness.mask_scores import score_masks
from fairness.samples import cut
from fairness.synthetic.fairseg import SegRecipe, write_fairseg
from serving.launcher import TritonServer
from training import checkpoint
from training.checkpoint_record import FairSegRecord
from training.models.segmentation_input import SegmentationInput
from training.models.segmenter import restore
from training.predictor import torch_masks

SIZE, CROP = (166, 200), 128


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data") / "fairseg"
    write_fairseg(root, SegRecipe(train=36, val=4, test=24, seed=2, size=SIZE))
    return root


@pytest.mark.parametrize(
    "network",
    [
        pytest.param("transunet", marks=pytest.mark.lines),
        pytest.param("samed", marks=pytest.mark.full_size),
        pytest.param("transunet-r50", marks=pytest.mark.full_size),
    ],
)
def test_served_masks_are_trainings_masks(network: str, data: Path, tmp_path: Path) -> None:
    flags = ("--model", network, "--preset", "tiny", "--crop", CROP)
    more = ("--epochs", 16, "--batch-size", 6)
    command(tmp_path, "training.fairseg", "--data", data, "--out", "run", *flags, *more)
    printed = command(tmp_path, "export", "run", "--repository", "model_repository")
    assert "parity: agreement 1" in printed
    with TritonServer(tmp_path / "model_repository") as server:
        asked = ["--endpoint", server.grpc_endpoint, "--data", str(data), "--keep-masks"]
        quick = ["--replicates", "100"]
        assert fair_audit([*asked, *quick, "--out", str(tmp_path / "audit")]) == 0
    assert f"{network} (safe)" in (tmp_path / "audit" / "report" / "report.md").read_text()
    compare(tmp_path, data)


def compare(folder: Path, data: Path) -> None:
    """Hold what was served against training's own evaluation of the checkpoint."""
    stored = checkpoint.load(folder / "run" / "best")
    record = stored.record
    assert isinstance(record, FairSegRecord)
    assert (record.image_shape, record.crop) == (SIZE, CROP)
    model = restore(stored, record.model)
    prepare = SegmentationInput(*SIZE, CROP, model.image_size)
    table = pq.read_table(folder / "audit" / "records" / "outcomes.parquet").to_pydict()
    equal, found = [], []
    split = FairSeg(data, "test")
    stream = batches(split, cut(split.shapes, 7))
    for batch, answers in torch_masks(model, prepare)(stream):
        masks = answers[RECORDED].astype(np.uint8)
        scores = score_masks(masks, batch.targets, surface=False)
        for i, id_ in enumerate(batch.ids):
            row = table["id"].index(id_)
            for name in ("rim_dice", "cup_dice", "disc_dice"):
                assert table[name][row] == pytest.approx(scores[name][i], abs=1e-3), (id_, name)
            served = np.asarray(Picture.open(folder / "audit" / "records" / "masks" / f"{id_}.png"))
            equal.append((served == masks[i]).mean())
            found.append(scores["disc_dice"][i])
    assert len(equal) == len(table["id"]) == 24
    assert np.mean(equal) >= 0.9999
    assert np.mean(found) > 0.3, "masks that hold no disc would prove little"
