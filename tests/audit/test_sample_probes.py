"""Probes from the user's own samples: recorded by `init`, asked again by every audit."""

import json
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_server import serving
from odd_server import FLAGS, OddServer, write_greys

from audit.cli import run

PROBES = "model.probes.json"


class Turned(OddServer):
    """Answers single pictures right, and batches in the wrong order."""

    def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
        found = super().ModelInfer(request, context)
        rows = np.frombuffer(found.raw_output_contents[0], np.float32)
        found.raw_output_contents[0] = rows[::-1].tobytes()
        return found


@pytest.fixture
def recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder with a table, a description and probes."""
    table = write_greys(tmp_path)
    with serving(OddServer()) as endpoint:
        words = ["--endpoint", endpoint, "--model", "m", "--data", str(table), *FLAGS]
        out = ["--probes", "6", "--out", str(tmp_path / "model.yaml")]
        assert run(["init", *words, *out, "--split-column", "sex", "--split", "F"]) == 0
    assert f"{PROBES}: 6 probes" in capsys.readouterr().out
    return tmp_path


def audit(server: OddServer, folder: Path, *flags: str) -> int:
    words = ["--model", "m", "--spec", str(folder / "model.yaml"), *FLAGS, "--replicates", "100"]
    out = ["--data", str(folder / "people.csv"), "--out", str(folder / "run")]
    with serving(server) as endpoint:
        return run(["--endpoint", endpoint, *words, *out, *flags])


def identity(folder: Path) -> str:
    about = json.loads((folder / "run" / "report" / "report.json").read_text())
    return str(about["provenance"]["model"]["identity"])


def test_the_file_has_no_id_and_is_its_owner_s(recorded: Path) -> None:
    text = (recorded / PROBES).read_text()
    assert ".png" not in text
    assert stat.S_IMODE((recorded / PROBES).stat().st_mode) == 0o600
    answers = sorted(answer for (answer,) in json.loads(text)["answers"])
    greys = [20 * (number + 1) / 255 for number in range(0, 12, 2)]
    assert answers == pytest.approx(greys, abs=1e-6)


def test_a_later_audit_says_verified_against_that_day(recorded: Path) -> None:
    day = json.loads((recorded / PROBES).read_text())["recorded"]
    spec = recorded / "model.yaml"
    spec.write_text(spec.read_text().replace("  # GUESS", " # checked, not"))
    server = OddServer()
    assert audit(server, recorded) == 0
    assert identity(recorded) == f"verified against {day}"
    # 12 pictures in 3 batches; 6 probes alone and in 2 batches, before and after
    assert server.answered == 3 + 2 * (6 + 2)


def test_another_model_is_refused(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = OddServer(answer=lambda grey: [min(1.0, grey + 0.05)])
    assert audit(server, recorded) == 3
    line = capsys.readouterr().err
    assert "is not the one that answered on" in line
    assert "asked one by one, its answers to 6 samples differ by 0.05" in line
    assert server.answered == 6
    assert audit(server, recorded, "--no-probes") == 0
    assert identity(recorded) == "declared"


def test_rows_that_change_places_in_a_batch_are_seen(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(Turned(), recorded) == 3
    assert "asked in batches, its answers to 6 samples differ" in capsys.readouterr().err


def test_a_split_without_the_samples_is_declared(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (recorded / "2.png").unlink()
    assert audit(OddServer(), recorded, "--on-error", "skip") == 0
    assert "1 of the 6 probes recorded on" in capsys.readouterr().out
    assert identity(recorded).endswith(" by 5 of 6 samples")
    (recorded / "run").rename(recorded / "first")
    others = ("--split-column", "sex", "--split", "M", "--attributes", "part")
    assert audit(OddServer(), recorded, *others) == 0
    assert "not in this split, so the model is declared" in capsys.readouterr().out
    assert identity(recorded) == "declared"


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("model.yaml", "holds: probability", "holds: logit", "says another thing of input"),
        ("model.yaml", "layout: NHW", "layout: HW", "says another thing of input"),
        (PROBES, '"tolerance": ', '"tolerance": -', "no probes: tolerance"),
        (PROBES, '"recorded": "2', '"recorded": "x', "no probes: recorded"),
        (PROBES, '"sent_sha256": [', f'"sent_sha256": ["{"0" * 64}",', "do not fit together"),
        (PROBES, "{", "[", "no probes: "),
    ],
)
def test_probes_that_say_nothing_of_this_description_are_refused_unsent(
    recorded: Path, capsys: pytest.CaptureFixture[str], file: str, old: str, new: str, message: str
) -> None:
    path, server = recorded / file, OddServer()
    assert path.read_text().count(old) == 1
    path.write_text(path.read_text().replace(old, new))
    assert audit(server, recorded) == 2
    line = capsys.readouterr().err
    assert message in line
    assert "record again: fair-audit init --endpoint" in line
    assert server.answered == 0


def test_pictures_that_become_other_pixels_are_refused_unsent(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, server = recorded / PROBES, OddServer()
    found = json.loads(path.read_text())
    found["sent_sha256"].reverse()
    path.write_text(json.dumps(found))
    assert audit(server, recorded) == 2
    assert "becomes other pixels now than when the probes were recorded" in capsys.readouterr().err
    assert server.answered == 0


def test_answers_that_are_alike_are_no_probes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write_greys(tmp_path)
    with serving(OddServer(answer=lambda grey: [0.5])) as endpoint:
        words = ["--endpoint", endpoint, "--model", "m", "--data", str(table), *FLAGS]
        out = ["--probes", "6", "--out", str(tmp_path / "model.yaml")]
        assert run(["init", *words, *out]) == 2
    assert "too little to recognise the model by" in capsys.readouterr().err
    assert not (tmp_path / PROBES).exists()
