"""A study of four runs, on few images."""

from pathlib import Path

from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe

TEXT = """\
data: {data}
seeds: {seeds}
suppress_below: 0
models:
  CLIP tiny:
    trainer: fairclip
    preset: tiny
    settings: {{epochs: 2, batch_size: 8, group_batch_size: 4}}
methods: {methods}
tables:
  linear-probing: {{attributes: [gender], settings: {{epochs: 20, batch_size: 8}}}}
  zero-shot: {{attributes: [gender, race]}}
  fine-tuning: {{attributes: [gender], settings: {{epochs: 1, batch_size: 8}}}}
"""


def write_study(folder: Path, seeds: str = "[1]", methods: str = "[none]", extra: str = "") -> Path:
    """The YAML file of a study; its data need not be there."""
    path = folder / "study.yaml"
    path.write_text(TEXT.format(data=folder / "data", seeds=seeds, methods=methods) + extra)
    return path


def write_study_data(folder: Path) -> Path:
    """24 images to train, 16 to validate, 40 to test."""
    write_fairvlmed(folder / "data", Recipe(train=24, val=16, test=40, seed=5))
    return folder / "data"
