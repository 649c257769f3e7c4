"""FairLoRA to serve: the group as an input, or one group's weights merged for good."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from export.pipeline import export_groups
from export.servable import GROUP, IMAGE, Servable
from export.servable_fairlora import merged, servable_fairlora
from export.servables import servable_of
from fairness.arrays import Array
from fairness.contract import Threshold
from fairness.errors import UsageError
from training import checkpoint
from training.checkpoint import Stored
from training.checkpoint_record import FairCLIPRecord, FairLoRARecord
from training.models.fairlora import Adapter, FairLoRA, FairLoRAConfig, build, restore

GROUPS = ("Asian", "Black", "White")
SHAPE = (60, 44)
THRESHOLD = Threshold(value=0.5, rule="youden", split="val", split_sha256="a" * 64)


def record(variant: str = "fairlora") -> FairLoRARecord:
    return FairLoRARecord(
        preset="tiny",
        variant=variant,
        threshold=THRESHOLD,
        dataset="fairfedmed-slo",
        target="glaucoma",
        groups=GROUPS,
        sites=("1", "2"),
        image_shape=SHAPE,
        class_names=("NOT Glaucoma", "Glaucoma"),
    )


def stored(folder: Path, adapter: Adapter = "fairlora") -> Stored:
    """A checkpoint whose adapters do something: A, which starts at zero, is drawn."""
    torch.manual_seed(0)
    config = FairLoRAConfig(adapter=adapter, n_groups=3, input_shape=SHAPE)
    model = build(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(".A"):
                nn.init.normal_(parameter, std=0.3)
    checkpoint.save(folder, model.state_dict(), vars(config), record(adapter))
    return checkpoint.load(folder)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    return stored(tmp_path_factory.mktemp("fairlora"))


def inputs(servable: Servable, n: int = 5) -> dict[str, Array]:
    return servable.trial(np.random.default_rng(1), (n, *SHAPE))


def test_the_answer_is_the_model_s_softmax(kept: Stored) -> None:
    servable, model = servable_fairlora(kept, record(), None), restore(kept)
    given = inputs(servable)
    assert sorted(np.unique(given[GROUP])) == [-1, 0, 1, 2]
    probability, logits = servable.run(given)
    with torch.no_grad():
        images, groups = torch.from_numpy(given[IMAGE]), torch.from_numpy(given[GROUP])
        expected = model(images, groups[:, 0])
    np.testing.assert_allclose(logits, expected.numpy(), atol=1e-5)
    np.testing.assert_allclose(probability, expected.softmax(1)[:, 1:].numpy(), atol=1e-6)


@pytest.mark.parametrize(("group", "code"), [("Asian", 0), ("White", 2), ("unknown", -1)])
def test_merged_weights_answer_as_the_group_input_does(kept: Stored, group: str, code: int) -> None:
    gathered = servable_fairlora(kept, record(), None)
    alone = servable_fairlora(kept, record(), group)
    assert alone.inputs == (IMAGE,)
    assert alone.group_input is None
    given = inputs(gathered)
    (one, _) = alone.run(given)
    (all_, _) = gathered.run({**given, GROUP: np.full((5, 1), code)})
    np.testing.assert_allclose(one, all_, atol=1e-5)
    other, _ = gathered.run({**given, GROUP: np.full((5, 1), 1)})
    assert np.abs(other - one).max() > 1e-3, "groups that answer alike would prove nothing"


def test_merging_leaves_the_model_alone(kept: Stored) -> None:
    model = restore(kept)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    copied = merged(model, 0)
    assert isinstance(copied, FairLoRA)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_a_baseline_without_groups_asks_for_none(tmp_path: Path) -> None:
    servable = servable_fairlora(stored(tmp_path, "lora"), record("lora"), None)
    assert servable.inputs == (IMAGE,)
    assert servable.group_input is None


def test_a_group_that_the_model_does_not_know_is_refused(kept: Stored, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="knows the groups Asian, Black, White, unknown"):
        servable_of(kept, merge_group="Martian")
    with pytest.raises(UsageError, match="knows the groups none"):
        servable_fairlora(stored(tmp_path, "lora"), record("lora"), "Asian")


def test_merge_all_is_for_fairlora_alone(tmp_path: Path) -> None:
    clip = FairCLIPRecord(
        preset="tiny", dataset="fairvlmed", target="glaucoma", threshold=THRESHOLD
    )
    checkpoint.save(tmp_path / "best", {}, {}, clip)
    with pytest.raises(UsageError, match="fairclip has no group to merge"):
        export_groups(tmp_path / "best", tmp_path, None, None)
