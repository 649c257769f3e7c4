"""`python -m export.answers` of models that draw masks, and of FairLoRA, which takes the group."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from exported_masks import SHAPE, ExportedMasks, write_run
from torch import nn

from export.answers import run
from export.servables import servable_of
from fairness.contract import Threshold
from fairness.datasets.fairfedmed import FairFedMedOph
from fairness.datasets.fairseg import FairSeg
from fairness.synthetic.fairfedmed import write_fairfedmed
from fairness.synthetic.fairseg import SegRecipe, write_fairseg
from fairness.synthetic.site_recipe import SiteRecipe
from training import checkpoint
from training.checkpoint_record import FairLoRARecord
from training.models.fairlora import FairLoRAConfig, build


def rows_of(out: Path) -> dict[str, list[float]]:
    found: dict[str, list[float]] = pq.read_table(out / "records" / "outcomes.parquet").to_pydict()
    return found


def test_masks_are_scored_at_native_size(tmp_path: Path) -> None:
    made = write_run(tmp_path / "run", "transunet")
    data, out = tmp_path / "data", tmp_path / "out"
    write_fairseg(data, SegRecipe(train=2, val=2, test=6, seed=3, size=SHAPE))
    assert run([str(made), "--data", str(data), "--out", str(out), "--batch-size", "4"]) == 0
    split = FairSeg(data, "test")
    samples = [split.read(i) for i in range(len(split))]
    drawn = ExportedMasks(made, made).in_torch(np.stack([s.image for s in samples]))
    truth = np.stack([s.target for s in samples])
    both = ((drawn == 2) & (truth == 2)).sum(axis=(1, 2))
    dice = 2 * both / ((drawn == 2).sum(axis=(1, 2)) + (truth == 2).sum(axis=(1, 2)))
    rows = rows_of(out)
    assert [str(id_) for id_ in rows["id"]] == list(split.ids)
    assert rows["cup_dice"] == pytest.approx(dice.tolist(), abs=1e-12)
    assert np.ptp(dice) > 0


def test_fairlora_answers_under_the_recorded_group(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    write_fairfedmed(data, SiteRecipe(kind="oph-slo", patients=60, size=(40, 40), seed=3))
    split = FairFedMedOph(data, "test")
    race = next(a for a in split.attributes if a.name == "race")
    torch.manual_seed(0)
    model = build(FairLoRAConfig(adapter="fairlora", n_groups=3, input_shape=split.shapes[0]))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(".A"):
                nn.init.normal_(parameter, std=0.3)
    record = FairLoRARecord(
        preset="tiny",
        variant="fairlora",
        threshold=Threshold(value=0.5, rule="youden", split="val", split_sha256="a" * 64),
        dataset="fairfedmed-slo",
        target="glaucoma",
        groups=race.groups,
        sites=("1", "2"),
        image_shape=split.shapes[0],
        class_names=("NOT Glaucoma", "Glaucoma"),
    )
    best = tmp_path / "run" / "best"
    checkpoint.save(best, model.state_dict(), vars(model.config), record)
    assert run([str(best.parent), "--data", str(data), "--out", str(out)]) == 0
    images = np.stack([split.read(i).image for i in range(len(split))])
    servable = servable_of(checkpoint.load(best))
    answers, _ = servable.run({"image": images, "group": split.codes["race"][:, None]})
    expected = dict(zip(split.ids, answers[:, 0].tolist(), strict=True))
    rows = rows_of(out)
    assert rows["score"] == pytest.approx([expected[str(id_)] for id_ in rows["id"]], abs=1e-6)
    withheld, _ = servable.run({"image": images, "group": np.full((len(images), 1), -1)})
    assert np.abs(withheld - answers).max() > 1e-4  # the group is of consequence
