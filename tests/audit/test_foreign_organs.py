"""A described model that draws three organs of a chest, on the real server, up to the report."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from fair_audit_runs import audit, failure
from PIL import Image as Pillow
from scipy import ndimage
from scipy.spatial.distance import cdist
from served_foreign import ORGANS, SIDES
from sklearn.metrics import f1_score, jaccard_score

from audit.cli import run as fair_audit
from fairness.arrays import BoolArray, Image
from fairness.foreign.description import Masks
from fairness.foreign.model_yaml import read_model_yaml

pytest_plugins = ["audit_fixtures"]

SPEC = """
task: segmentation
input: {name: x, layout: NCHW, size: [24, 28], resize: squash, filter: nearest, normalise: unit}
output:
  name: y
  holds: class_scores
  layout: NCHW
  classes: {left_lung: 0, background: 1, heart: 2, clavicle: 3, right_lung: 4}
  unions: {lungs: [left_lung, right_lung]}
  ignore: [clavicle]
"""
NUMBERS = {"left_lung": 0, "heart": 2, "right_lung": 4}
PROBES = "{seed: 1, shapes: [[9, 9]], expected: [[0.5]], tolerance: 0.01}"
"""Of a classifier."""
STORED = {"background": 0, "left_lung": 50, "heart": 100, "right_lung": 200}
"""How the masks here write the classes."""
SAID = ",".join(f"{number}={name}" for name, number in STORED.items())


def drawn(number: int) -> tuple[Image, Image]:
    """What the model draws (its own numbers) and the reference (numbers of the files)."""
    rng = np.random.default_rng(number)
    rows, columns = np.mgrid[: SIDES[0], : SIDES[1]]
    ours, theirs = np.ones(SIDES, np.uint8), np.zeros(SIDES, np.uint8)
    places = {"left_lung": (12, 7, 8, 4), "right_lung": (12, 21, 8, 4), "heart": (15, 14, 4, 3)}
    for name, (row, column, height, width) in places.items():
        for mask, value in ((ours, NUMBERS[name]), (theirs, STORED[name])):
            down, right = rng.integers(-2, 3, 2)
            inside = ((rows - row - down) / height) ** 2 + ((columns - column - right) / width) ** 2
            mask[inside <= 1] = value
    ours[0, :5] = 3  # a clavicle, which counts as background
    return ours, theirs


def chests(folder: Path) -> Path:
    """A csv of 24 pictures, each with its mask, and pixels of 2 x 0.5 mm, or of 1 x 1."""
    lines = ["file,mask,sex,spacing_row,spacing_column"]
    for number in range(24):
        ours, theirs = drawn(number)
        grey = np.rint(255 * np.array(ORGANS)).astype(np.uint8)[ours]
        Pillow.fromarray(grey).save(folder / f"i{number:02}.png")
        Pillow.fromarray(theirs).save(folder / f"m{number:02}.png")
        size = "2,0.5" if number % 3 else "1,1"
        lines.append(f"i{number:02}.png,m{number:02}.png,{'FM'[number % 2]},{size}")
    (folder / "chests.csv").write_text("\n".join(lines))
    return folder / "chests.csv"


def pair_of(number: int, *names: str) -> tuple[BoolArray, BoolArray]:
    """Where the model and the reference have one of the structures."""
    ours, theirs = drawn(number)
    here = np.isin(ours, [NUMBERS[name] for name in names])
    return here, np.isin(theirs, [STORED[name] for name in names])


def hd95(number: int, *names: str) -> float:
    """Over all pairs of surface pixels, in mm."""
    size = (2.0, 0.5) if number % 3 else (1.0, 1.0)
    points = [np.argwhere(m & ~ndimage.binary_erosion(m)) * size for m in pair_of(number, *names)]
    apart = cdist(*points)
    return float(np.percentile(np.concatenate([apart.min(1), apart.min(0)]), 95))


@pytest.fixture(scope="module")
def run(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("organs")
    (folder / "model.yaml").write_text(SPEC)
    flags = ("--model", "foreign_organs", "--spec", folder / "model.yaml", "--worst", 1,
             "--data", chests(folder), "--attributes", "sex", "--mask-values", SAID,
             "--replicates", 100, "--suppress-below", 0, "--out", folder / "run")  # fmt: skip
    assert audit(endpoint, *flags) == 0
    return folder / "run"


def test_every_score_is_that_of_scikit_learn_and_of_all_pairs_of_pixels(run: Path) -> None:
    found = pq.read_table(run / "records" / "outcomes.parquet").to_pydict()
    parts = {name: (name,) for name in NUMBERS} | {"lungs": ("left_lung", "right_lung")}
    for number in range(24):
        dice = {}
        for name, names in parts.items():
            ours, theirs = (mask.ravel() for mask in pair_of(number, *names))
            dice[name] = f1_score(theirs, ours)
            assert found[f"{name}_dice"][number] == pytest.approx(dice[name])
            assert found[f"{name}_iou"][number] == pytest.approx(jaccard_score(theirs, ours))
            assert found[f"{name}_hd95_mm"][number] == pytest.approx(hd95(number, *names))
        mean = np.mean([dice[name] for name in NUMBERS])
        assert found["mean_dice"][number] == pytest.approx(mean)
    assert "lungs_hd95" not in found


def test_the_report_shows_the_structures(run: Path) -> None:
    text = (run / "report" / "report.md").read_text()
    for label in ("mean Dice", "lungs Dice", "heart HD95 mm", "ES mean Dice", "worst heart Dice"):
        assert label in text
    assert "rim" not in text
    assert "lungs IoU" not in text  # of unions people see Dice alone
    document = json.loads((run / "report" / "report.json").read_text())
    masks = document["provenance"]["masks"]
    assert masks["structures"] == ["left_lung", "heart", "right_lung", "lungs"]
    assert (masks["distances"], masks["surface_dice_tolerance"]) == ("mm", 2.0)
    with (run / "report" / "groups.csv").open() as file:
        metrics = {row["metric"] for row in csv.DictReader(file)}
    assert {"es_mean_dice", "lungs_dice_worst", "heart_nsd_mm", "mean_dice_tail"} <= metrics


def test_the_worst_masks_are_drawn_in_a_colour_each(run: Path) -> None:
    worst = run / "records" / "worst"
    with (worst / "colours.csv").open() as file:
        colours = [row["colour"] for row in csv.DictReader(file)]
    assert len(set(colours)) == 6
    (picture,) = (worst / "sex" / "F").glob("1_*.png")
    pixels = np.asarray(Pillow.open(picture)).reshape(-1, 3)
    there = {f"#{bytes(pixel).hex()}" for pixel in pixels}
    assert set(colours[3:]) <= there  # predictions are drawn last


def test_the_same_report_comes_from_its_outcomes(run: Path, tmp_path: Path) -> None:
    flags = ["report", "--from", str(run / "records" / "outcomes.parquet"), "--attributes", "sex",
             "--replicates", "100", "--suppress-below", "0", "--out", str(tmp_path)]  # fmt: skip
    assert fair_audit(flags) == 0
    old, new = (path / "report" / "groups.csv" for path in (run, tmp_path))
    assert old.read_text() == new.read_text()


@pytest.mark.parametrize(
    ("spec", "flags", "message"),
    [
        (("right_lung: 4", "right_lung: 5"), (), "line 8, output.classes: 'y' has 5 classes"),
        (("  ignore: [clavicle]\n", ""), (), "no number is 'clavicle'; masks have"),
        (("heart", "spine"), (), "'heart' is no class of the model; masks have background, left_"),
        (("", ""), ("--mask-values", "200=heart"), "no number is 'left_lung'"),
        (("", ""), ("--mask-values", SAID.replace("200", "201")), "row 1: .*m00.png: holds 200"),
        (
            ("output:", f"origin: {{probes: {PROBES}}}\noutput:"),
            (),
            "line 4, origin.probes: it has",
        ),
        (("", ""), ("--compat", "fairseg"), "--compat fairseg evaluates rim and cup"),
        (("", ""), ("--spacing", "0.5"), "--spacing: '0.5' is not MM,MM"),
        (
            ("[left_lung, right_lung]", "[left_lung, liver]"),
            (),
            "line 9, output.unions: 'lungs' is",
        ),
    ],
)
def test_what_does_not_fit_is_one_line(
    endpoint: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    spec: tuple[str, str],
    flags: tuple[str, ...],
    message: str,
) -> None:
    (tmp_path / "model.yaml").write_text(SPEC.replace(*spec))
    said = flags if "--mask-values" in flags else ("--mask-values", SAID, *flags)
    code = 3 if "holds" in message else 2
    line = failure(capsys, code, endpoint, "--model", "foreign_organs",
                   "--spec", tmp_path / "model.yaml", "--data", chests(tmp_path),
                   "--attributes", "sex", "--out", tmp_path / "run", *said)  # fmt: skip
    assert re.search(message, line), line


def test_masks_of_a_known_data_set_need_its_structures(
    endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model.yaml").write_text(f"dataset: fairseg{SPEC}")
    line = failure(capsys, 2, endpoint, "--model", "foreign_organs",
                   "--spec", tmp_path / "model.yaml", "--data", tmp_path)  # fmt: skip
    assert "masks of fairseg have 0 background, 1 rim, 2 cup, the model draws background," in line


def test_a_change_against_an_earlier_run_is_judged(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "policy.yaml").write_text(
        "name: masks\nrules: [{metric: mean_dice, attribute: sex, change: true, min: -0.01}]\n"
    )
    outcomes = str(run / "records" / "outcomes.parquet")
    flags = ["report", "--from", outcomes, "--attributes", "sex", "--replicates", "100",
             "--suppress-below", "0", "--policy", str(tmp_path / "policy.yaml"),
             "--baseline", str(run), "--out", str(tmp_path / "again")]  # fmt: skip
    assert fair_audit(flags) == 0
    document = json.loads((tmp_path / "again" / "report" / "report.json").read_text())
    assert document["verdict"] == "INCONCLUSIVE"  # nothing changed, and few were asked
    other = pq.read_table(outcomes)
    names = [name.removesuffix("_mm") for name in other.column_names]
    pq.write_table(other.rename_columns(names), tmp_path / "pixels.parquet")
    flags[2], flags[-1] = str(tmp_path / "pixels.parquet"), str(tmp_path / "third")
    assert fair_audit(flags) == 2
    assert "distances of masks in the same unit" in capsys.readouterr().err


def test_init_drafts_every_class_and_records_probes_of_such_masks(
    endpoint: str, tmp_path: Path
) -> None:
    table, spec = chests(tmp_path), tmp_path / "model.yaml"
    common = ["init", "--endpoint", endpoint, "--model", "foreign_organs", "--data", str(table),
              "--attributes", "sex", "--mask-values", SAID]  # fmt: skip
    assert fair_audit([*common, "--out", str(spec)]) == 0
    drafted = read_model_yaml(spec).description.output
    assert isinstance(drafted, Masks)
    assert [*drafted.classes] == ["background", *(f"structure_{i}" for i in range(1, 5))]
    spec.write_text(SPEC)
    assert fair_audit([*common, "--spec", str(spec), "--probes", "4"]) == 0
    flags = ("--model", "foreign_organs", "--spec", spec, "--data", table, "--attributes", "sex",
             "--mask-values", SAID, "--replicates", 100, "--out", tmp_path / "run")  # fmt: skip
    assert audit(endpoint, *flags) == 0
    report = json.loads((tmp_path / "run" / "report" / "report.json").read_text())
    assert report["provenance"]["model"]["identity"].startswith("verified against")
