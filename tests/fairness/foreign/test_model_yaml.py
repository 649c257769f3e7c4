"""Descriptions as files: lines of faults, presets, and what is optional."""

import hashlib
import re
from pathlib import Path

import pytest
import yaml

from fairness.documents import line_of
from fairness.errors import UsageError
from fairness.foreign.model_yaml import FORMS, read_model_yaml
from fairness.foreign.normalise import PRESETS

SHORTEST = """task: classification
input:
  name: x
  layout: NCHW
output: {name: y, holds: logit}
"""


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "m.yaml").write_text(text)
    return tmp_path / "m.yaml"


def test_what_only_an_export_knows_may_be_left_out(tmp_path: Path) -> None:
    said = read_model_yaml(written(tmp_path, SHORTEST))
    spec = said.description.spec()
    assert (spec.input, spec.output, spec.target) == ("x", "y", "target")
    assert (spec.probes, spec.threshold, spec.checkpoint_sha256) == (None, None, "")
    assert said.sha256 == hashlib.sha256(SHORTEST.encode()).hexdigest()
    known = f"{SHORTEST}origin: {{checkpoint_sha256: abc, parity: {{logit: 0.001}}}}\n"
    spec = read_model_yaml(written(tmp_path, known)).description.spec()
    assert (spec.checkpoint_sha256, spec.parity) == ("abc", {"logit": 0.001})


def test_a_thing_stands_on_its_line_or_on_that_of_what_is_around_it(tmp_path: Path) -> None:
    said = read_model_yaml(written(tmp_path, SHORTEST))
    assert said.at("input", "layout") == f"{tmp_path / 'm.yaml'} line 4, input.layout"
    assert said.at("input", "size").endswith("line 2, input.size")
    assert said.at("output", "holds").endswith("line 5, output.holds")
    text = "a:\n  - 1\n  - {b: 2,\n     c: 3}\n"
    places: list[list[str | int]] = [[], ["a"], ["a", 1], ["a", 1, "c"]]
    assert [line_of(text, keys) for keys in places] == [1, 1, 3, 4]
    assert line_of(text, ["a", 9, "c"]) == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("NCHW", "NCHWD", "line 4, input.layout"),
        ("name: x", "name: yes", "line 3, input.name: .*YAML reads this word as yes or no"),
        ("name: x", "name: x\n  batch: 0", "line 4, input.batch"),
        ("name: x", "name: x\n  size: [9000, 9000]", "line 4, input.size"),
        ("name: x", "name: x\n  filter: bilinear", "line 4, input.filter: resize and filter"),
        ("name: x", "name: x\n  fill: 0", "line 4, input.fill: resize: letterbox and fill"),
        ("name: x", "name: x\n  normalise: {divide_by: 0}", "line 4, input.normalise"),
        ("holds: logit", "holds: logits", "line 5, output.positive: logits need the index"),
        ("holds: logit", "holds: logit, positive: -1", "line 5, output.positive: "),
        ("task: classification", "task: ranking", "line 1, task"),
        ("task: classification", "task: classification\nthreshold: 2", "line 2, threshold"),
        ("task: classification", "a: &x 1\nb: *x", "anchors are not read"),
        ("task: classification\n", "", "task: Field required"),
        (SHORTEST, "- 1", "Input should be a valid dictionary"),
        (SHORTEST, "", "Input should be a valid dictionary"),
        (
            "holds: logit",
            "holds: class_mask, layout: NHW, classes: {background: 0, rim: 1, cup: 1}",
            "line 5, output.holds: class_mask is no output of task classification",
        ),
    ],
)
def test_a_fault_is_one_line_with_its_place(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert SHORTEST.count(old) == 1
    path = written(tmp_path, SHORTEST.replace(old, new))
    with pytest.raises(UsageError, match=message) as caught:
        read_model_yaml(path)
    assert str(caught.value).startswith(f"--spec {path}")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("cup: 2", "cup: 1", "line 3, output.classes: gives rim and cup one number"),
        ("cup: 2", "left lung: 2", "output.classes: 'left lung' cannot be part of the names"),
        ("cup: 2", "es_cup: 2", "output.classes: 'es_cup' cannot be part .* not mean_ or es_"),
        ("background: 0", "lung: 3", "output.classes: names no background, and no class 0"),
        ("rim: 1, cup: 2}", "a: 1}, ignore: [b]", "output.ignore: 'classes' has no b"),
        ("rim: 1, cup: 2}", "a: 1}, ignore: [a]", "output.classes: 0 structures beside the"),
        ("cup: 2}", "a: 2}, unions: {b: [rim, cup]}", "output.unions: 'b' is a union of rim, cup"),
        ("cup: 2}", "a: 2}, unions: {b: [rim]}", "output.unions: 'b' is a union of rim; name two"),
        ("cup: 2}", "a: 2}, unions: {rim: [rim, a]}", "output.unions: 'rim' is there twice"),
        ("rim: 1, cup: 2", ", ".join(f"s{i}: {i}" for i in range(1, 34)), "33 structures"),
        ("class_mask", "mask_logit", "output.classes: mask_logit has two: background: 0, and 1"),
        ("layout: NHW,", "layout: NHW, holds: class_scores,", "'holds' is there twice"),
        ("class_mask", "class_scores", "output.layout: NHW has no axis C for the classes"),
        ("input: ", "threshold: 0.5\ninput: ", "threshold: masks have none"),
        ("NCHW", "NCHW, size: [4, 4], resize: crop, shorter: 4, filter: box", "input.resize"),
    ],
)
def test_masks_have_contradictions_of_their_own(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = (
        "task: segmentation\ninput: {name: x, layout: NCHW}\noutput: {name: y, holds: class_mask, "
        "layout: NHW, classes: {background: 0, rim: 1, cup: 2}}\n"
    )
    assert read_model_yaml(written(tmp_path, text)).description.task == "segmentation"
    with pytest.raises(UsageError, match=message):
        read_model_yaml(written(tmp_path, text.replace(old, new)))


def test_the_masks_of_the_documentation_are_some(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "your-own-model.md").read_text()
    (output,) = re.findall(r"```text\n(output:\n.*?)```", page, re.S)
    text = f"task: segmentation\ninput: {{name: x, layout: NCHW}}\n{output}"
    spec = read_model_yaml(written(tmp_path, text)).description.spec()
    assert spec.class_names == ("background", "left_lung", "right_lung", "heart")
    assert spec.unions == {"lungs": ("left_lung", "right_lung")}


def test_the_descriptions_of_the_documentation_are_some(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "your-own-model.md").read_text()
    whole, *parts = map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", page, re.S))
    found, tasks = {}, set()
    for part in [{}, *parts]:  # each stands in the place of what the whole says of it
        both = whole | part
        if both["task"] == "multiclass":
            del both["threshold"]
        said = read_model_yaml(written(tmp_path, yaml.safe_dump(both))).description
        found.update(dict.fromkeys(part, said))
        tasks.add((said.task, len(said.class_names)))
    assert tasks == {("classification", 2), ("multilabel", 3), ("multiclass", 5)}
    assert found["origin"].input.shorter == 256
    assert found["origin"].spec().probes is not None
    assert found["input"].input.window == (0.0, 65535.0)
    assert found["inputs"].inputs["sex"].codes == {"Female": 0, "Male": 1}
    for name in ("imagenet", "clip"):
        (row,) = re.findall(rf"^\| `{name}` \| / 255, mean ([\d. ]+), std ([\d. ]+):", page, re.M)
        numbers = PRESETS[name]
        assert tuple(map(float, row[0].split())) == numbers.mean
        assert tuple(map(float, row[1].split())) == numbers.std
    rows = set(re.findall(r"^\| `(\w+)` \| ", page, re.M))
    assert {*PRESETS, *FORMS} <= rows
