"""What words in columns mean, what `--unknown` and `--map` change, and what is pointed out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from scored_files import cohort, write_csv

from audit.records.columns import Columns
from audit.records.predictions import Predictions, read_predictions
from fairness.errors import DataError, FairAuditError, UsageError
from fairness.tables.changes import rules_in


def read(path: Path, column: Sequence[object], name: str = "race", **columns: Any) -> Predictions:
    """A cohort in which one column begins as given."""
    table = cohort(60)
    table[name] = [*column, *["Black", "White"] * 30][:60]
    return read_predictions(write_csv(path, table), Columns(**{"attributes": (name,), **columns}))


def names(found: Predictions, n: int) -> list[str]:
    (attribute,) = found.answered.cases.attributes
    return [attribute.label(code) for code in found.answered.cases.codes[attribute.name][:n]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "f.csv"


def test_words_of_the_list_are_unknown_and_unusual_ones_are_told(path: Path) -> None:
    found = read(path, ["N/A", "na", "?", "-1.0", "0.0", "Other", ""])
    assert names(found, 7) == ["unknown"] * 4 + ["0", "Other", "unknown"]
    (note,) = found.notes
    assert "'N/A' in 1, 'na' in 1, '?' in 1" in note
    assert "--map race:OLD=NEW" in note


def test_further_words_are_unknown(path: Path) -> None:
    found = read(path, ["U", "u", "9", "9.0", "X"], unknown=(("u", "9"), ("x",)))
    assert names(found, 5) == ["unknown"] * 5
    assert found.notes == ()


def test_map_merges_renames_and_rescues_a_word_of_the_list(path: Path) -> None:
    rules = (rules_in("race:-=negative,race:B=Black"), rules_in('"race:a, b=White",race:Q=unknown'))
    found = read(path, ["-", "B", "a, b", "Q", "+"], map=rules)
    assert names(found, 5) == ["negative", "Black", "White", "unknown", "+"]
    assert found.notes == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sex:F=Female", [("sex", "F", "Female")]),
        (" sex:F = Female , sex:M=Male", [("sex", "F", "Female"), ("sex", "M", "Male")]),
        ("age:>=90=90", [("age", ">=90", "90")]),
        ('"a:x, y=z"', [("a", "x, y", "z")]),
        ("sex:=Female", [("sex", "", "Female")]),
    ],
)
def test_rules_are_read(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(rule.column, rule.old, rule.new) for rule in rules_in(text)] == expected


@pytest.mark.parametrize("text", ["sex", "sex:F", "F=Female", "sex:F=", ":F=Female", "sex:F=A,"])
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not COLUMN:OLD=NEW"):
        rules_in(text)


def test_rules_of_several_lines_are_refused() -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        rules_in("sex:F=Female\nsex:M=Male")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("rase:B=Black", "no column 'rase' .it has: id, "),
        ("score:B=Black", "'score' holds ids or scores"),
        ("id:B=Black", "'id' holds ids or scores"),
        ("race:B=Black,race:B=White", "'B' of 'race' has two new texts"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused(path: Path, rule: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read(path, ["B"], map=(rules_in(rule),))


def test_a_rule_without_effect_is_told(path: Path) -> None:
    assert read(path, [], map=(rules_in("race:B=Black"),)).notes == (
        "--map: no 'B' in 'race', so nothing to change",
    )


def test_spellings_are_told_with_the_rules_that_merge_them(path: Path) -> None:
    words = [
        "B",
        "black",
        "<60",
        ">60",
        "Español",
        "Espanol",
        "A, B",
        "a, b",
        "1",
        "1.5",
        "15",
        "1-5",
    ]
    first = read(path, words)
    assert len(first.notes) == 1
    assert "--map" in first.notes[0]
    rules = first.notes[0].partition("--map ")[2].strip("'")
    merged = read(path, words, map=(rules_in(rules),))
    assert merged.notes == ()
    assert names(merged, 12) == [
        *["Black", "Black", "<60", ">60", "Español", "Español"],
        *["A, B", "A, B", "1", "1.5", "15", "1-5"],
    ]


@pytest.mark.parametrize("name", ["patient_id", "PatientID", "subject", "MRN", "Subject No", "pid"])
def test_a_patient_s_id_that_is_not_used_is_told(path: Path, name: str) -> None:
    table = cohort(60)
    table[name] = [f"x{i // 2}" for i in range(60)]
    del table["patient"]
    (note,) = read_predictions(write_csv(path, table), Columns()).notes
    assert f"'{name}' looks like a patient's id, with 30 values in 60 rows" in note
    assert "--patient" in note
    used = read_predictions(path, Columns(patient=name))
    assert used.notes == ()
    assert len(set(used.answered.cases.patients)) == 30


@pytest.mark.parametrize("name", ["patient_age", "patient sex", "inpatient", "rapid", "subjective"])
def test_other_columns_are_no_patient_s_id(path: Path, name: str) -> None:
    table = cohort(60)
    table[name] = [i // 2 for i in range(60)]
    del table["patient"]
    assert read_predictions(write_csv(path, table), Columns()).notes == ()


def test_rows_that_repeat_are_told_unless_scores_are_coarse(path: Path) -> None:
    table = {name: [*column, *column[:7]] for name, column in cohort(60).items()}
    table["id"] = list(range(67))
    (note,) = read_predictions(write_csv(path, table), Columns()).notes
    assert note.startswith("7 of 67 rows repeat an earlier one")
    assert "(row 61 repeats row 1)" in note
    table["score"] = [int(y) for y in table["target"]]  # type: ignore[call-overload]
    assert read_predictions(write_csv(path, table), Columns()).notes == ()


def test_unknown_patients_are_not_one_person(path: Path) -> None:
    table = cohort(60)
    table["patient"] = ["unknown", "-1", "N/A", "", *["7", "7.0"] * 28]
    cases = read_predictions(write_csv(path, table), Columns()).answered.cases
    assert cases.patients[:4] == cases.ids[:4]
    assert set(cases.patients[4:]) == {"7"}


def test_the_age_that_is_no_number_is_named(path: Path) -> None:
    table = cohort(60)
    table["age"][3] = "90+"
    found = read_predictions(write_csv(path, table), Columns())
    assert "'90+' in row 4 is no number" in found.notes[0]
    assert "age" not in found.answered.cases.covariates
    mapped = read_predictions(path, Columns(map=(rules_in("age:90+=90"),)))
    assert mapped.answered.cases.covariates["age"][3] == 90


@pytest.mark.parametrize("write", ["{}", "{}.5", "{}.0", "-{}e3"])
def test_a_measurement_is_no_attribute(path: Path, write: str) -> None:
    table = cohort(60)
    table["race"] = [write.format(i % 22 + 20) for i in range(60)]
    with pytest.raises(
        UsageError, match="'race' has 22 different numbers.*--age-bins or --control"
    ):
        read_predictions(write_csv(path, table), Columns())


def test_twenty_numbers_and_many_texts_may_be_groups(path: Path) -> None:
    table = cohort(60)
    table["race"] = [i % 20 for i in range(60)]
    table["gender"] = [f"x{i}" for i in range(60)]
    found = read_predictions(write_csv(path, table), Columns()).answered.cases
    assert [len(attribute.groups) for attribute in found.attributes] == [20, 60]


@pytest.mark.parametrize("word", ["unknown", "-", "n/a"])
def test_an_unknown_label_is_refused_with_the_way_out(path: Path, word: str) -> None:
    with pytest.raises(DataError, match=f"row 1; .*--map target:{word}=NEW"):
        read(path, [word, *[0, 1] * 30], name="target", attributes=("race",))


def test_a_thousand_groups_are_refused_at_once(path: Path) -> None:
    table = cohort(1000)
    table["race"] = [f"x{i}" for i in range(1000)]
    with pytest.raises(FairAuditError, match="'race' has 1000 different texts"):
        read_predictions(write_csv(path, table), Columns())
