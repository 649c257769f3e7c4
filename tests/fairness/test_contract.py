import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from fairness.contract import ModelSpec, Threshold
from fairness.errors import ServerError
from fairness.probes import Probes, probe_image

SPEC = ModelSpec(
    task="classification",
    method="fairclip (paper)",
    dataset="fairvlmed",
    target="glaucoma",
    input="image",
    output="probability",
    class_names=("non-glaucoma", "glaucoma"),
    threshold=Threshold(value=0.5, rule="youden", split="val", split_sha256="ab"),
    checkpoint_sha256="cd",
    model_sha256="ef",
    precision="fp32",
    parity={"cosine": 1e-7},
    probes=Probes(seed=3, shapes=((30, 20), (8, 9)), expected=((0.25,), (0.5,)), tolerance=1e-3),
)


def test_what_is_written_reads_back() -> None:
    assert ModelSpec.from_json(SPEC.to_json(), "m") == SPEC
    assert "\n" not in SPEC.to_json()


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"task": "poetry"}, "task"),
        ({"contract_version": 99}, "version 99"),
    ],
)
def test_an_unusable_description_names_the_model_and_the_field(
    change: dict[str, object], where: str
) -> None:
    text = json.dumps(json.loads(SPEC.to_json()) | change)
    with pytest.raises(ServerError, match=f"'m'.*{where}.*python -m export"):
        ModelSpec.from_json(text, "m")


def test_a_text_that_is_no_json_is_refused() -> None:
    with pytest.raises(ServerError, match="unusable"):
        ModelSpec.from_json("not json", "m")


def test_probes_are_the_same_every_time_and_differ_from_each_other() -> None:
    assert SPEC.probes is not None
    first, second = SPEC.probes.images(), SPEC.probes.images()
    assert [image.shape for image in first] == [(30, 20), (8, 9)]
    for one, other in zip(first, second, strict=True):
        assert one.dtype == np.uint8
        np.testing.assert_array_equal(one, other)
    other_seed = replace(SPEC.probes, seed=4).images()
    assert not np.array_equal(first[0], other_seed[0])
    assert np.unique(first[0]).size > 10


def test_probe_images_are_those_of_every_earlier_export() -> None:
    rng, digest = np.random.default_rng(2024), hashlib.sha256()
    for shape in ((30, 20), (8, 9), (3, 12, 10), (664, 512), (40, 50)):
        digest.update(probe_image(rng, *shape).tobytes())
    expected = "57d98b824547a1c82b6b990f57bf95c5cd3aca0457d30fd77d807576cfc9d718"
    assert digest.hexdigest() == expected  # otherwise served models would fail their probes


def test_worst_difference_is_the_largest_in_magnitude() -> None:
    assert SPEC.probes is not None
    assert SPEC.probes.worst_difference(np.array([[0.25], [0.4]])) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"expected": [[0.25]]}, "do not fit together"),
        ({"shapes": [], "expected": []}, "do not fit together"),
        ({"groups": [0]}, "do not fit together"),
        ({"groups": [0, 1]}, "do not fit together"),  # the model takes no group
        ({"expected": [[0.25], [0.5, 0.5]]}, "do not fit together"),
        ({"seed": -1}, "probes.seed"),
        ({"tolerance": 0.2}, "probes.tolerance"),
        ({"tolerance": float("inf")}, "probes.tolerance"),
        ({"expected": [[0.25], [float("nan")]]}, "probes.expected.1"),
        ({"shapes": [[30, 20], [500, 500, 500]]}, "probes.shapes.1.*125000000 pixels"),
        ({"shapes": [[30, 20], [8]]}, "probes.shapes.1"),
        ({"shapes": [[30, 20], [8, 10**9]]}, "probes.shapes.1"),
    ],
)
def test_probes_that_could_not_be_asked_are_refused(change: dict[str, object], where: str) -> None:
    document = json.loads(SPEC.to_json())
    document["probes"] |= change
    with pytest.raises(ServerError, match=f"'m'.*{where}.*python -m export"):
        ModelSpec.from_json(json.dumps(document), "m")
