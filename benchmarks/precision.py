"""What fewer bits do to each group: fp32 against float16 and dynamic int8, over seeds.

    OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE python -m benchmarks.precision fairclip

Or `fairlora`, `fairseg`; a second word is the number of seeds, 5 by default. The seed varies data
and training, which are small and synthetic. Every checkpoint is converted as `python -m export
--precision` does, and told where that would refuse it; ONNX Runtime on the CPU answers the test
split in batches of 32 (8 images with masks). Changes are paired by sample: the joint interval of
each holds for all groups of the attribute in that seed. Besides, the mean change over the seeds has
Student's interval, which is not corrected for its number.
"""

import copy
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnxruntime as ort
from scipy import stats

from export.parity import check_parity, open_session
from export.precision import converted
from export.servables import servable_of
from export.to_onnx import drop_output, to_onnx
from export.tolerance import TOLERANCES, Precision
from fairness.arrays import Array, FloatArray
from fairness.contract import Threshold
from fairness.datasets.catalogue import open_split
from fairness.errors import DataError
from fairness.evaluate import Answers, Predict, ask
from fairness.group_input import RECORDED
from fairness.groups import recorded
from fairness.outcomes import Answered, Contrast, Names
from fairness.samples import Batch
from fairness.statistics.changes import changes
from fairness.statistics.settings import Settings
from fairness.synthetic.fairfedmed import write_fairfedmed
from fairness.synthetic.fairseg import SegRecipe, write_fairseg
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe
from fairness.synthetic.site_recipe import SiteRecipe
from fairness.tasks.binary import SCORE, BinaryTask
from fairness.tasks.masks import MaskTask
from training import checkpoint, settings
from training.checkpoint_record import FairLoRARecord, FairSegRecord
from training.fairclip import config as clip_config
from training.fairclip import train as clip_train
from training.fairlora import config as lora_config
from training.fairlora import train as lora_train
from training.fairseg import config as seg_config
from training.fairseg import train as seg_train
from training.runlog import LOG

SEEDS = 5
VARIANTS: tuple[Precision, ...] = ("fp16", "int8-dynamic")
ROUNDS = 20
"""Of FairLoRA: half of those of its own benchmark."""
SEG = SegRecipe(size=(166, 200), train=200, val=60, test=300)
SEG_EPOCHS, CROP = 6, 128


@dataclass(frozen=True)
class Found:
    """One precision of one checkpoint against fp32."""

    changes: dict[str, Contrast]
    """Of the AUC, or of the cup's Dice, by group; `all` is everybody."""
    flips: dict[str, tuple[int, int]]
    """Flipped decisions and samples by group; empty where none are made."""
    largest: float
    """Difference of a score, or of the cup's Dice coefficient of a case."""


def main() -> None:
    """Train, export and answer every seed, then print the tables."""
    method = sys.argv[1]
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else SEEDS
    LOG.setLevel(logging.WARNING)
    logging.getLogger("flwr").setLevel(logging.ERROR)
    start = time.process_time()
    found: dict[Precision, list[Found]] = {precision: [] for precision in VARIANTS}
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            best = TRAIN[method](Path(folder), seed)
            answers = answers_of(best, Path(folder))
        for precision in VARIANTS:
            one = against(answers["fp32"], answers[precision])
            found[precision].append(one)
            print(f"seed {seed}, {precision}: {told(one)}", flush=True)
    print(f"\n{method}, {seeds} seeds, {time.process_time() - start:.0f} CPU s\n")
    print_table(method, found)


def train_fairclip(folder: Path, seed: int) -> Path:
    """The tiny FairCLIP of the demo."""
    write_fairvlmed(folder / "data", Recipe(seed=seed))
    config = settings.read(clip_config.Config, settings.CONFIGS / "fairclip.yaml", "tiny", "tiny")
    return clip_train.train(replace(config, data=folder / "data", seed=seed), folder / "run")


def train_fairlora(folder: Path, seed: int) -> Path:
    """FairLoRA over two hospitals, whose hard group are the patients from 60 on."""
    write_fairfedmed(folder / "data", SiteRecipe(kind="chest", seed=seed))
    preset = settings.read(lora_config.Config, settings.CONFIGS / "fairlora.yaml", "tiny", "tiny")
    config = replace(
        preset, data=folder / "data", seed=seed, engine="in-process", rounds=ROUNDS,
        dataset="fairfedmed-chest", attribute="age", lr=0.1,
    )  # fmt: skip
    return lora_train.train(config, folder / "run", resume=False)


def train_fairseg(folder: Path, seed: int) -> Path:
    """The tiny TransUNet without a fair loss."""
    write_fairseg(folder / "data", replace(SEG, seed=seed))
    preset = settings.read(
        seg_config.Config, settings.CONFIGS / "fairseg.yaml", "tiny", "tiny", "transunet-r50"
    )
    config = replace(
        preset, data=folder / "data", crop=CROP, seed=seed, fair_mode="none", epochs=SEG_EPOCHS
    )
    return seg_train.train(config, folder / "run")


TRAIN: dict[str, Callable[[Path, int], Path]] = {
    "fairclip": train_fairclip,
    "fairlora": train_fairlora,
    "fairseg": train_fairseg,
}


def answers_of(best: Path, folder: Path) -> dict[Precision, tuple[Answered, Threshold | None]]:
    """What each export answers to the test split, with the checkpoint's threshold."""
    stored = checkpoint.load(best)
    record = stored.record
    split = open_split(
        record.dataset, folder / "data", "test", target=record.target, attribute=record.attribute,
        shape=record.image_shape if isinstance(record, FairSegRecord | FairLoRARecord) else None,
    )  # fmt: skip
    attributes = tuple(a for a in split.attributes if a.name == record.attribute)
    masks = isinstance(record, FairSegRecord)
    threshold = None if isinstance(record, FairSegRecord) else record.threshold
    task = MaskTask(distances=False) if threshold is None else BinaryTask(threshold.value)
    group = record.attribute if isinstance(record, FairLoRARecord) else None
    servable = servable_of(stored)
    traced = to_onnx(servable)
    found = {}
    precisions: tuple[Precision, ...] = ("fp32", *VARIANTS)
    for precision in precisions:
        model = converted(copy.deepcopy(traced), precision)
        try:
            check_parity(servable, model, TOLERANCES[precision])
        except DataError as error:  # its answers are looked at all the same
            print(f"python -m export --precision {precision} refuses it: {error}", flush=True)
        drop_output(model, servable.detail)
        predict = predictor(open_session(model.SerializeToString()), group)
        answered = ask(split, predict, task.read, attributes, batch_size=8 if masks else 32)
        found[precision] = (answered, threshold)
    return found


def predictor(session: ort.InferenceSession, group: str | None) -> Predict:
    """Answers of ONNX Runtime; `group` names the attribute that goes with the images."""

    def predict(batches: Iterable[Batch]) -> Iterator[tuple[Batch, Answers]]:
        for batch in batches:
            inputs: dict[str, Array] = {"image": batch.images}
            if group is not None:
                inputs["group"] = batch.attributes[group][:, None]
            yield batch, {RECORDED: session.run(None, inputs)[0]}

    return predict


def against(
    old: tuple[Answered, Threshold | None], new: tuple[Answered, Threshold | None]
) -> Found:
    """A precision against fp32 on the same samples."""
    (before, threshold), (after, _) = old, new
    task = MaskTask(distances=False) if threshold is None else BinaryTask(threshold.value)
    names, chosen = Names("model", "synthetic", "test"), Settings()
    metric, value = ("cup_dice", "cup_dice") if threshold is None else ("auc", SCORE)
    pair = [task.measured(one, names, chosen)[0].measures for one in (after, before)]
    groupings = recorded(before.cases)
    moved = changes(pair[0], pair[1], before.cases.patients, groupings, chosen)
    flips = {}
    if threshold is not None:
        flipped = (before.values[SCORE] >= threshold.value) != (
            after.values[SCORE] >= threshold.value
        )
        (grouping,) = groupings
        flips["all"] = (int(flipped.sum()), len(flipped))
        for code, name in enumerate(grouping.attribute.groups):
            inside = grouping.codes == code
            flips[name] = (int(flipped[inside].sum()), int(inside.sum()))
    apart = np.nanmax(np.abs(before.values[value] - after.values[value]))
    found = {c.group_a: c for c in moved if c.metric == metric and c.value is not None}
    return Found(found, flips, float(apart))


def told(one: Found) -> str:
    """Largest difference, and change and flips of every group."""
    parts = [f"largest difference {one.largest:.1e}"]
    for group, change in one.changes.items():
        flips = f", {one.flips[group][0]} of {one.flips[group][1]} flip" if one.flips else ""
        parts.append(f"{group} {change.value:+.4f}{limits(change)}{flips}")
    return "; ".join(parts)


def limits(change: Contrast) -> str:
    """The joint interval of a change."""
    if change.low_adjusted is None or change.high_adjusted is None:
        return ""
    return f" [{change.low_adjusted:+.4f}, {change.high_adjusted:+.4f}]"


def print_table(method: str, found: dict[Precision, list[Found]]) -> None:
    """A row a precision and group: mean change, the largest one of a seed, and flips."""
    print("| method | precision | group | mean change [95 % over seeds] | largest of a seed "
          "[joint 95 %] | flips | largest difference |")  # fmt: skip
    print("|---|---|---|--:|--:|--:|--:|")
    for precision, seeds in found.items():
        for group in dict.fromkeys(name for one in seeds for name in one.changes):
            of_group = [one.changes[group] for one in seeds if group in one.changes]
            values = np.array([change.value for change in of_group], dtype=float)
            worst = max(of_group, key=lambda change: abs(change.value or 0.0))
            both = [one.flips[group] for one in seeds if one.flips]
            flips = " of ".join(str(sum(one)) for one in zip(*both, strict=True)) or "-"
            largest = max(one.largest for one in seeds)
            changed = f"{over_seeds(values)} | {worst.value:+.4f}{limits(worst)}"
            print(f"| {method} | {precision} | {group} | {changed} | {flips} | {largest:.1e} |")


def over_seeds(values: FloatArray) -> str:
    """Mean and Student's 95 % interval of (seeds,)."""
    if len(values) < 2 or np.ptp(values) == 0:
        return f"{values.mean():+.4f}"
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return f"{values.mean():+.4f} [{values.mean() - half:+.4f}, {values.mean() + half:+.4f}]"


if __name__ == "__main__":
    main()
