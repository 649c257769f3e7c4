"""Self-descriptions that lack what their kind of model needs, and the tables of every report."""

import json
from dataclasses import replace

import pytest

from fairness.contract import ModelSpec, Threshold
from fairness.errors import ServerError
from fairness.probes import Probes
from fairness.tasks.catalogue import TABLES, TASKS, check_description

THRESHOLD = Threshold(value=0.4, rule="youden", split="val", split_sha256="a" * 64)
PROBES = Probes(seed=3, shapes=((30, 20),), expected=((0.25,),), tolerance=1e-3)
BINARY = ModelSpec(
    task="classification",
    method="m",
    dataset="fairvlmed",
    target="glaucoma",
    input="image",
    output="probability",
    class_names=("no", "yes"),
    threshold=THRESHOLD,
    checkpoint_sha256="b" * 64,
    model_sha256="c" * 64,
    precision="fp32",
    parity={},
    probes=PROBES,
)
MASKS = replace(
    BINARY,
    task="segmentation",
    class_names=("background", "rim", "cup"),
    threshold=None,
    probes=replace(PROBES, expected=((0.0,) * 32,)),
)


ORGANS = replace(
    MASKS,
    class_names=("background", "left_lung", "right_lung", "heart"),
    unions={"lungs": ("left_lung", "right_lung")},
    probes=replace(PROBES, expected=((0.0,) * 48,)),
)


@pytest.mark.parametrize("spec", [BINARY, MASKS, replace(MASKS, probes=None), ORGANS])
def test_a_complete_description_is_taken(spec: ModelSpec) -> None:
    check_description(spec, "m")
    assert TASKS[spec.task].description_fault(spec) is None


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (replace(BINARY, threshold=None), "has no threshold"),
        (replace(BINARY, class_names=("one",)), "not two class_names"),
        (replace(BINARY, probes=replace(PROBES, expected=((0.25, 0.5),))), "do not fit together"),
        (replace(MASKS, probes=replace(PROBES, expected=((0.0,) * 31,))), "do not fit together"),
        (replace(ORGANS, probes=MASKS.probes), "do not fit together"),
        (replace(ORGANS, class_names=("background",)), "unions: 0 structures"),
        (replace(ORGANS, unions={"lungs": ("left_lung", "liver")}), "'lungs' is a union of left_l"),
        (replace(ORGANS, image_shape=(8, 30, 20)), r"takes volumes \[8, 30, 20\]"),
    ],
)
def test_what_a_kind_of_model_needs_is_demanded(spec: ModelSpec, message: str) -> None:
    with pytest.raises(ServerError, match=f"'m'.*{message}.*python -m export"):
        check_description(spec, "m")


def test_a_description_with_unions_comes_back_and_an_older_one_has_none() -> None:
    assert ModelSpec.from_json(ORGANS.to_json(), "m").unions == ORGANS.unions
    older = json.loads(MASKS.to_json())
    del older["unions"]
    assert ModelSpec.from_json(json.dumps(older), "m") == MASKS


def test_every_kind_of_report_has_tables() -> None:
    assert set(TABLES) == {"classes", "classification", "counterfactual", "macro", "segmentation"}
    for tables in TABLES.values():
        assert 1 <= tables.brief <= len(tables.groups)
