"""Targets of the fuzz: whole commands on odd files, with odd flags."""

import contextlib
import io
import os
from pathlib import Path

from fuzzed_documents import POLICY, text_of
from fuzzed_files import odd_csv, odd_parquet
from fuzzed_splits import write_odd_split
from odd_inputs import Rng, pick

from audit.cli import run
from fairness.errors import UsageError

FLAGS = (
    ("--intersect", "race*gender"), ("--intersect", "\x1b"), ("--age-bins", "decades"),
    ("--age-bins", "nan,inf"), ("--age-bins", "60,40"), ("--control", "age=50"),
    ("--control", "race"), ("--threshold", "nan"), ("--threshold", "1e400"), ("--name", "\x1b[2J"),
    ("--confidence", "2"), ("--suppress-below", "-5"), ("--compat", "fairclip"), ("--patient", "x"),
    ("--positive", "\ud800"), ("--score", "age"), ("--target", "race"), ("--attributes", "age"),
)  # fmt: skip

RULES = ("youden", "fixed:nan", "sensitivity:0.9", "specificity:2", "x", "fixed:" + "9" * 400)


def report(rng: Rng, folder: Path) -> None:
    """`fair-audit report`, perhaps with a policy, which alone makes an exit code of 1 or 4."""
    flags = ["--from", str(odd_source(rng, folder)), "--out", str(folder / "out")]
    flags += ["--replicates", "100"]
    for _ in range(int(rng.integers(0, 3))):
        flags += pick(rng, FLAGS)
    if rng.random() < 0.3:
        (folder / "policy.yaml").write_bytes(text_of(rng, POLICY, as_yaml=True))
        flags += ["--policy", str(folder / "policy.yaml")]
        ran(["report", *flags, *pick(rng, ([], ["--strict"]))], (0, 1, 2, 3, 4))
    else:
        ran(["report", *flags], (0, 2, 3))


def threshold(rng: Rng, folder: Path) -> None:
    """`fair-audit threshold`."""
    source, out = str(odd_source(rng, folder)), str(folder / "threshold.json")
    ran(["threshold", "--from", source, "--rule", pick(rng, RULES), "--out", out], (0, 2, 3))


def inspect(rng: Rng, folder: Path) -> None:
    """`fair-audit inspect`."""
    dataset = write_odd_split(rng, folder)
    ran(["inspect", str(folder), "--dataset", dataset], (0, 2, 3))


def odd_source(rng: Rng, folder: Path) -> Path:
    path: Path = folder / pick(rng, ("scores.csv", "scores.parquet"))
    (odd_csv if path.suffix == ".csv" else odd_parquet)(rng, path)
    return path


def ran(words: list[str], codes: tuple[int, ...]) -> None:
    """Run a command; what it says is printable and foreseen, and one line where it fails.

    Raises:
        UsageError: it refused.
    """
    out, err = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(words)
    except SystemExit as ended:
        raise UsageError("refused by the parser") from ended
    said = err.getvalue()
    if os.environ.get("FUZZ_SHOW"):
        print(words, code, said, out.getvalue()[-2000:])
    assert code in codes, said
    assert "please report it" not in said, said
    assert all(line.isprintable() for line in (out.getvalue() + said).split("\n"))
    if code in (2, 3):
        assert said.count("\n") == 1, said
        raise UsageError(said)
