"""What a study's file means, and what is refused in it."""

from pathlib import Path

import pytest
from small_study import write_study

from fairness.errors import UsageError
from training.study.config import read_study
from training.study.plan import Row, plan, runs_of


def planned(path: Path, data: str = "data") -> tuple[Row, ...]:
    return plan(read_study(path), path, data)


def test_rows_are_models_by_methods_by_attributes_by_seeds(tmp_path: Path) -> None:
    rows = planned(write_study(tmp_path, "[3, 1]", "[none, paper, released]"))
    assert [(row.table, row.attribute, row.label) for row in rows if row.attribute != "race"] == [
        ("linear-probing", "gender", "CLIP tiny"),
        ("linear-probing", "gender", "CLIP tiny-FT"),
        ("linear-probing", "gender", "FairCLIP tiny-FT"),
        ("linear-probing", "gender", "FairCLIP tiny-FT (released)"),
        ("zero-shot", "gender", "CLIP tiny"),
        ("zero-shot", "gender", "FairCLIP tiny"),
        ("zero-shot", "gender", "FairCLIP tiny (released)"),
        ("fine-tuning", "gender", "CLIP tiny"),
        ("fine-tuning", "gender", "FairCLIP tiny"),
        ("fine-tuning", "gender", "FairCLIP tiny (released)"),
    ]
    assert {tuple(vars(run.config)["seed"] for run in row.runs) for row in rows} == {(3, 1)}
    assert [row.against for row in rows[:4]] == ["", "", "CLIP tiny-FT", "CLIP tiny-FT"]


def test_only_the_fair_term_makes_a_run_of_its_own_for_each_attribute(tmp_path: Path) -> None:
    rows = planned(write_study(tmp_path, methods="[none, paper]"))
    of = {(row.attribute, row.label): row.runs[0] for row in rows if row.table == "zero-shot"}
    assert of["gender", "CLIP tiny"] == of["race", "CLIP tiny"]
    assert of["gender", "FairCLIP tiny"].key != of["race", "FairCLIP tiny"].key
    runs = runs_of(rows)
    # 3 encoders (plain, fair for either attribute), heads on the start and on 2 of them, twice 2.
    assert len(runs) == len({run.folder for run in runs}) == 3 + 3 + 2
    assert all(runs.index(run.after) < runs.index(run) for run in runs if run.after)


def test_a_run_s_key_changes_with_whatever_decides_its_numbers(tmp_path: Path) -> None:
    path = write_study(tmp_path)
    before = {run.name: run.key for run in runs_of(planned(path))}
    assert {run.name: run.key for run in runs_of(planned(path))} == before
    other_data = {run.name: run.key for run in runs_of(planned(path, "other"))}
    path.write_text(path.read_text().replace("epochs: 2,", "epochs: 3,"))
    longer = {run.name: run.key for run in runs_of(planned(path))}
    path.write_text(path.read_text() + "threshold: 0.5\n")
    fixed = {run.name: run.key for run in runs_of(planned(path))}
    for one, other in ((before, other_data), (longer, fixed)):
        assert one.keys() == other.keys()
        assert not set(one.values()) & set(other.values())
    start = "clip-tiny-start-seed1-probe"
    assert longer[start] == before[start]  # its encoder is not trained
    assert not {k for n, k in longer.items() if n != start} & set(before.values())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("trainer: fairclip", "trainer: clip", "line 6: models.CLIP tiny.trainer: Input should be"),
        ("[none]", "[none, fair]", "line 9: methods.1: Input should be"),
        ("[none]", "[none, none]", "a value of methods is there twice"),
        ("zero-shot:", "few-shot:", "Input should be 'linear-probing'"),
        ("preset: tiny", "preset: vit-h14", "preset = 'vit-h14': Input should be"),
        ("{epochs: 2,", "{epoch: 2,", "unknown setting 'epoch'; did you mean epochs?"),
        ("{epochs: 2,", "{seed: 2,", "seed is decided by the study; leave it out"),
        ("{epochs: 20,", "{select_on: test,", "select_on is decided by the study"),
        ("[gender, race]}", "[gender], models: [CLIP]}", "zero-shot.models: no model 'CLIP'"),
        ("suppress_below", "supress_below", "line 3: supress_below: there is no such setting"),
        ("seeds: [1]", "seeds: []", "line 2: seeds"),
    ],
)
def test_a_study_that_makes_no_sense_is_refused_in_one_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = write_study(tmp_path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(UsageError) as refused:
        planned(path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("name", ["study_tiny", "study_paper"])
def test_the_studies_that_come_with_it_can_be_planned(name: str) -> None:
    path = Path("training/configs") / f"{name}.yaml"
    rows = planned(path)
    assert [row.table for row in rows] == sorted(
        (row.table for row in rows), key=["linear-probing", "zero-shot", "fine-tuning"].index
    )
    assert {len(row.runs) for row in rows} == {len(read_study(path).seeds)}
