"""Which part of an audit a shard is: by hand, as a task of a Slurm array, as a pod of a Job."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import tyro
import yaml

from audit.options import AnalysisOptions, Options
from audit.shard import Shard, shard_in
from fairness.errors import UsageError

JOB = "JOB_COMPLETION_INDEX"


def array(here: object, count: object, first: object, **more: object) -> dict[str, str]:
    said = {"ID": here, "COUNT": count, "MIN": first, **more}
    return {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in said.items()}


@pytest.mark.parametrize("n", [1, 2, 3, 7, 100, 1000])
@pytest.mark.parametrize("of", [1, 2, 3, 5])
def test_all_shards_together_have_each_batch_once_and_in_order(n: int, of: int) -> None:
    parts = [Shard(i + 1, of).range(n) for i in range(of)]
    assert [k for first, behind in parts for k in range(first, behind)] == list(range(n))
    sizes = [behind - first for first, behind in parts]
    assert max(sizes) - min(sizes) <= 1


def test_more_shards_than_batches_are_refused_by_each_of_them() -> None:
    for i in range(1, 4):
        with pytest.raises(UsageError, match=r"the split has 2 batches; make 2 shards or fewer"):
            Shard(i, 3).of_batches([1, 2])
    assert Shard(2, 2).of_batches([1, 2]) == [2]


@pytest.mark.parametrize(
    ("text", "environment", "expected"),
    [
        ("2/3", {}, (2, 3)),
        ("2/3", {JOB: "0"}, (2, 3)),  # by hand is by hand
        ("auto/3", {JOB: "0"}, (1, 3)),  # pods are numbered from 0
        ("auto/3", {JOB: "2"}, (3, 3)),
        ("auto", array(1, 3, 1), (1, 3)),  # --array=1-3
        ("auto", array(0, 3, 0, MAX=2, STEP=1), (1, 3)),  # --array=0-2
        ("auto/3", array(2, 3, 0, MAX=2, STEP=1), (3, 3)),
        ("auto", array(14, 3, 10, MAX=18, STEP=4), (2, 3)),  # --array=10-18:4
    ],
)
def test_a_scheduler_s_numbers_are_understood(
    text: str, environment: Mapping[str, str], expected: tuple[int, int]
) -> None:
    assert shard_in(text, environment) == Shard(*expected)


@pytest.mark.parametrize(
    ("text", "environment", "message"),
    [
        ("3", {}, "give i/n, such as 1/3, or auto"),
        ("a/3", {}, "give i/n, such as 1/3, or auto"),
        ("-1/3", {}, "give i/n, such as 1/3, or auto"),
        ("0/3", {}, "i from 1 to n"),
        ("4/3", {}, "i from 1 to n"),
        ("1/200000", {}, "n at most 100000"),
        ("auto", {}, "neither JOB_COMPLETION_INDEX nor SLURM_ARRAY_TASK_ID is set; give --shard i"),
        ("auto", {JOB: "1"}, r"does not say of how many; give --shard auto/n"),
        ("auto/3", {JOB: "3"}, "that is shard 4/3"),
        ("auto/3", {JOB: "first"}, "JOB_COMPLETION_INDEX is 'first', no whole number"),
        ("auto/3", {JOB: ""}, "JOB_COMPLETION_INDEX is '', no whole number"),
        ("auto/3", {JOB: "1", **array(1, 3, 1)}, "are both set"),
        ("auto", array(1, "", 1), "SLURM_ARRAY_TASK_COUNT is '', no whole number"),
        ("auto", array(0, 3, 1), "that is shard 0/3"),
        ("auto", array(9, 3, 1), "that is shard 9/3"),
        ("auto", array(3, 3, 1, MAX=7, STEP=1), "from 1 to 7, which are not evenly numbered"),
        ("auto/3", array(2, 1, 2), "the array has 1 tasks .*submitted again alone, give --shard"),
    ],
)
def test_anything_else_is_refused_in_a_line(
    text: str, environment: Mapping[str, str], message: str
) -> None:
    with pytest.raises(UsageError, match=f"--shard {text}: .*{message}") as caught:
        shard_in(text, environment)
    assert "\n" not in str(caught.value)


def test_a_shard_needs_a_folder_for_all_and_a_threshold_that_is_chosen() -> None:
    with pytest.raises(UsageError, match="--shard 1/3: name one folder for all shards with --out"):
        Options(AnalysisOptions(), shard=Shard(1, 3))
    with pytest.raises(UsageError, match="would stream --threshold-split val; .* choose"):
        Options(
            AnalysisOptions(), shard=Shard(1, 3), out=Path("audits"), threshold="youden",
            threshold_split="val",
        )  # fmt: skip


def test_the_job_of_the_documentation_says_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (Path(__file__).parents[2] / "docs" / "scale.md").read_text()
    job = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])
    (container,) = job["spec"]["template"]["spec"]["containers"]
    monkeypatch.setenv(JOB, str(job["spec"]["completions"] - 1))
    options = tyro.cli(Options, args=container["args"])
    assert options.shard == Shard(8, 8)
    assert options.resume
