"""A study of BLIP-2, plain and fair, from training to the three tables."""

from pathlib import Path

import pytest
from study_process import begun, killed_once, tables

from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe

# 250 steps, of which the first 150 or so tell nothing; of 16 validation images the best epoch
# would often be one of those, so the last one is kept.
STUDY = """\
data: {data}
seeds: [1]
select_on: last
suppress_below: 0
models:
  BLIP-2 tiny:
    trainer: blip2
    preset: tiny
    settings: {{epochs: 50, batch_size: 8, group_batch_size: 4, fair_lambda: 1.0}}
methods: [none, paper]
tables:
  linear-probing: {{attributes: [gender], settings: {{epochs: 20, batch_size: 8}}}}
  zero-shot: {{attributes: [gender]}}
  fine-tuning: {{attributes: [gender], settings: {{epochs: 1, batch_size: 8}}}}
"""


@pytest.mark.methods
def test_a_study_of_blip2_fills_the_three_tables_and_gives_the_same_bytes_when_killed(
    tmp_path: Path,
) -> None:
    write_fairvlmed(tmp_path / "data", Recipe(train=40, val=16, test=40, seed=5))
    config, out, whole = tmp_path / "study.yaml", tmp_path / "killed", tmp_path / "whole"
    config.write_text(STUDY.format(data=tmp_path / "data"))
    undisturbed = begun(config, whole)
    said = undisturbed.communicate()[1].decode()
    assert undisturbed.returncode == 0, said
    killed_once(begun(config, out), out, "*/train/train.log")
    last = begun(config, out)
    said = last.communicate()[1].decode()
    assert last.returncode == 0, said
    found = tables(out)
    assert found == tables(whole)
    for table, tuned in (("linear-probing", "-FT"), ("zero-shot", ""), ("fine-tuning", "")):
        text = found[f"{table}.csv"].decode()
        assert f",BLIP-2 tiny{tuned}," in text
        assert f",FairBLIP-2 tiny{tuned}," in text
