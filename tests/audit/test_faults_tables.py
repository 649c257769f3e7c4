"""Small files that hospitals could have written, through the command line: what each must give."""

from pathlib import Path

import pytest
from scored_files import document, report, rows

FAULTS = Path(__file__).parents[3] / "shared" / "faults"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not FAULTS.is_dir(), reason="the folder of faulty files is absent"),
]


def groups(out: Path, attribute: str) -> dict[str, int]:
    """Rows of each group that has any, `unknown` among them."""
    sizes = {group: row["n"] for (name, group, _), row in rows(out).items() if name == attribute}
    return {group: n for group, n in sizes.items() if n and group != "all"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("float_codes.csv", {"0": 61, "1": 60, "2": 67, "unknown": 52}),
        ("missing_words.parquet", {"Asian": 39, "Black": 34, "White": 35, "unknown": 132}),
        ("unknown_words.csv", {"Asian": 32, "Black": 15, "White": 24, "unknown": 169}),
        ("semicolon.csv", {"Asian": 79, "Black": 79, "White": 82}),
        ("utf16.csv", {"Asian": 79, "Black": 79, "White": 82}),
        ("sep_line.csv", {"Asian": 79, "Black": 79, "White": 82}),
    ],
)
def test_a_file_has_the_groups_that_its_rows_say(
    tmp_path: Path, name: str, expected: dict[str, int]
) -> None:
    flags = ("--attributes", "race", "--suppress-below", 0)
    assert report(FAULTS / name, tmp_path, *flags) == 0
    assert groups(tmp_path, "race") == expected


def test_dialects_give_the_numbers_of_the_plain_file(tmp_path: Path) -> None:
    """`age_sentinels.csv` holds the same rows but for some ages."""
    for name in ("age_sentinels.csv", "semicolon.csv", "utf16.csv", "sep_line.csv"):
        assert report(FAULTS / name, tmp_path / name, "--attributes", "race,sex") == 0
    plain = (tmp_path / "age_sentinels.csv" / "report" / "groups.csv").read_text()
    for name in ("semicolon.csv", "utf16.csv", "sep_line.csv"):
        found = (tmp_path / name / "report" / "groups.csv").read_text()
        assert found == plain.replace("age_sentinels.csv", name)


def test_spellings_are_pointed_out_and_merged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(FAULTS / "sex_spellings.csv", tmp_path / "a", "--attributes", "sex") == 0
    said = capsys.readouterr().out
    assert "M / Male / male, F / Female / female look like spellings of one group" in said
    rules = "sex:M=Male,sex:male=Male,sex:F=Female,sex:female=Female"
    assert f"--map {rules}" in said
    merged = ("--attributes", "sex", "--map", rules)
    assert report(FAULTS / "sex_spellings.csv", tmp_path / "b", *merged) == 0
    assert groups(tmp_path / "b", "sex") == {"Female": 126, "Male": 114}
    assert "look like" not in capsys.readouterr().out


def test_impossible_ages_are_unknown_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--attributes", "race", "--age-bins", "decades")
    assert report(FAULTS / "age_sentinels.csv", tmp_path, *flags) == 0
    lines = (FAULTS / "age_sentinels.csv").read_text().splitlines()[1:]
    ages = [float(line.rsplit(",", 1)[1]) for line in lines]
    impossible = sum(not 0 <= age <= 120 for age in ages)
    assert impossible > 0
    found = groups(tmp_path, "age")
    assert found["unknown"] == impossible
    assert "< 20" not in found
    assert f"{impossible} of 240 ages lie outside 0..120" in capsys.readouterr().out
    assert "outside 0..120" in document(tmp_path)["provenance"]["data"]["statement"]


@pytest.mark.parametrize(
    ("name", "cut", "flags", "message"),
    [
        (
            "percent_scores.csv",
            50,
            ("--attributes", "race", "--policy", FAULTS / "policy_eod.yaml"),
            "'score' goes from 7.86 to 99.9, outside 0..1",
        ),
        ("stat_logit.csv", 0, ("--attributes", "site"), "outside 0..1"),
    ],
)
def test_scores_on_another_scale_need_a_threshold(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    cut: int,
    flags: tuple[object, ...],
    message: str,
) -> None:
    assert report(FAULTS / name, tmp_path / "out", *flags) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert message in line
    assert "--threshold" in line
    assert not (tmp_path / "out").exists()
    assert report(FAULTS / name, tmp_path / "given", "--threshold", cut, *flags[:2]) == 0


@pytest.mark.parametrize("name", ["blank_rows.csv", "null_ids.parquet"])
def test_blank_ids_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert report(FAULTS / name, tmp_path, "--attributes", "race", "--id", "id") == 3
    row = {"blank_rows.csv": 241, "null_ids.parquet": 1}[name]
    assert f"blank id in row {row} of column 'id'" in capsys.readouterr().err


def test_float32_scores_reach_the_threshold_as_in_csv(tmp_path: Path) -> None:
    flags = ("--threshold", "0.7", "--attributes", "site")
    found = []
    for ending in ("csv", "parquet"):
        assert report(FAULTS / f"stat_f32.{ending}", tmp_path / ending, *flags) == 0
        values = {key: row["value"] for key, row in rows(tmp_path / ending).items()}
        found.append(values)
    assert found[0] == found[1]
    assert found[0]["overall", "all", "selection_rate"] == 0.455


def test_a_patient_s_id_that_is_not_used_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(FAULTS / "stat_pid.csv", tmp_path / "a", "--attributes", "site") == 0
    said = capsys.readouterr().out
    assert "column 'patient_id' looks like a patient's id" in said
    assert "--patient patient_id" in said
    assert "7 of 1000 rows repeat an earlier one" in said
    flags = ("--attributes", "site", "--patient", "patient_id")
    assert report(FAULTS / "stat_pid.csv", tmp_path / "b", *flags) == 0
    assert "looks like a patient's id" not in capsys.readouterr().out
