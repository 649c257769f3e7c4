"""Tiny segmentation networks through the whole export: the served masks are training's masks."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from exported_masks import CROP, SHAPE, ExportedMasks, export_masks, some_images
from exported_model import write_run as write_fairclip
from onnx import TensorProto, helper
from tritonclient.grpc import model_config_pb2 as triton

from export.__main__ import run
from export.parity import make_probes
from export.servables import servable_of
from fairness.tasks.masks import MaskTask
from training import checkpoint
from training.checkpoint_record import Network


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> ExportedMasks:
    folder = tmp_path_factory.mktemp("masks")
    return export_masks(folder, "transunet", "--with-probabilities")


@pytest.mark.parametrize("count", [1, 3, 8])
def test_onnx_draws_the_masks_of_trainings_own_evaluation(
    exported: ExportedMasks, count: int
) -> None:
    images = some_images(count)
    (masks,) = exported.session().run(["mask"], {"image": images})
    expected = exported.in_torch(images)
    assert masks.shape == (count, *SHAPE)
    assert masks.dtype == np.uint8
    assert (masks == expected).mean() >= 0.9999
    assert len(np.unique(expected)) > 1  # masks of one class would prove nothing


def test_the_likeliest_class_is_the_mask_and_outside_the_crop_is_background(
    exported: ExportedMasks,
) -> None:
    mask, shares = exported.session().run(["mask", "probabilities"], {"image": some_images(5)})
    assert shares.shape == (5, 3, *SHAPE)
    np.testing.assert_array_equal(shares.argmax(axis=1), mask)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=0, atol=1e-6)
    top, left = (SHAPE[0] - CROP) // 2, (SHAPE[1] - CROP) // 2
    inside = np.zeros(SHAPE, dtype=bool)
    inside[top : top + CROP, left : left + CROP] = True
    assert (shares[:, 0][:, ~inside] == 1).all()
    assert (shares[:, 1:][:, :, ~inside] == 0).all()
    assert (shares[:, 0][:, inside] < 1).all()


def test_the_configuration_names_the_tensors(exported: ExportedMasks) -> None:
    config = exported.config()
    assert config.max_batch_size == 8
    (image,) = config.input
    assert (image.name, image.data_type, list(image.dims)) == (
        "image",
        triton.TYPE_UINT8,
        list(SHAPE),
    )
    assert [(o.name, o.data_type, list(o.dims)) for o in config.output] == [
        ("mask", triton.TYPE_UINT8, list(SHAPE)),
        ("probabilities", triton.TYPE_FP32, [3, *SHAPE]),
    ]
    (warmup,) = config.model_warmup
    assert list(warmup.inputs["image"].dims) == list(SHAPE)
    model = onnx.load(exported.model / "1" / "model.onnx")
    assert [output.name for output in model.graph.output] == ["mask", "probabilities"]  # no logits


def test_the_model_describes_itself_and_its_masks_prove_it(exported: ExportedMasks) -> None:
    spec = exported.spec()
    assert (spec.task, spec.dataset, spec.target) == ("segmentation", "fairseg", "mask")
    assert (spec.method, spec.attribute) == ("transunet (safe)", "race")
    assert (spec.image_shape, spec.threshold, spec.group_input) == (SHAPE, None, None)
    assert (spec.output, spec.class_names) == ("mask", ("background", "rim", "cup"))
    assert spec.parity["agreement"] >= 0.9999
    assert 0 < spec.parity["logit"] < 1e-4 * spec.parity["logit_spread"]
    probes = spec.probes
    assert probes is not None
    assert set(probes.shapes) == {SHAPE}
    answers = exported.in_torch(np.stack(probes.images()))
    found = np.stack([MaskTask.fingerprint(mask) for mask in answers])
    np.testing.assert_allclose(found, probes.expected, rtol=0, atol=probes.tolerance / 50)
    # The first of 4 x 4 fields, as numpy.array_split cuts 90 x 112 pixels.
    by_hand = [(answers[0, :23, :28] == label).mean() for label in (1, 2)]
    np.testing.assert_allclose(found[0, :2], by_hand)


def test_masks_that_are_all_alike_carry_no_probes(exported: ExportedMasks) -> None:
    nothing = helper.make_graph(
        [helper.make_node("Sub", ["image", "image"], ["mask"])],
        "nothing",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["B", "H", "W"])],
        [helper.make_tensor_value_info("mask", TensorProto.UINT8, ["B", "H", "W"])],
    )
    opsets = [helper.make_opsetid("", 18)]
    model = helper.make_model(nothing, opset_imports=opsets, ir_version=9).SerializeToString()
    servable = servable_of(checkpoint.load(exported.run / "best"))
    assert make_probes(servable, model) is None


@pytest.mark.parametrize(
    "network",
    [
        pytest.param("samed", marks=pytest.mark.full_size),
        pytest.param("transunet-r50", marks=pytest.mark.full_size),
    ],
)
def test_the_other_tiny_networks(network: Network, tmp_path: Path) -> None:
    exported = export_masks(tmp_path, network)
    images = some_images(3)
    (masks,) = exported.session().run(["mask"], {"image": images})
    assert (masks == exported.in_torch(images)).mean() >= 0.9999


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--merge-group", "Black"], "--merge-group is for FairLoRA; fairseg has no group"),
        (["--merge-group", "all"], "--merge-group is for FairLoRA; fairseg has no group"),
    ],
)
def test_options_of_other_methods_are_refused(
    flags: list[str], message: str, exported: ExportedMasks, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert run([str(exported.run), "--repository", str(tmp_path / "m"), *flags]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "m").exists()


def test_a_classifier_has_no_masks_to_explain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = write_fairclip(tmp_path / "run", "tiny", 0)
    arguments = [str(made), "--repository", str(tmp_path / "m"), "--with-probabilities"]
    assert run(arguments) == 2
    assert "--with-probabilities is for masks; fairclip" in capsys.readouterr().err
    assert run([*arguments, "--merge-group", "all"]) == 2
    assert not (tmp_path / "m").exists()
