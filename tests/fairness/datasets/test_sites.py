from pathlib import Path

import pytest
from fairfedmed_files import write_lines

from fairness.datasets.sites import Line, find_sites, find_table, held_out, read_lines
from fairness.datasets.splits import is_held_out
from fairness.errors import DataError


def test_sites_of_an_attribute_are_found_in_natural_order(tmp_path: Path) -> None:
    for name in ("site10_race_test", "site2_race_train", "sitenorth_b_race_val", "site7_age_test"):
        write_lines(tmp_path / f"meta_{name}.csv", ["filename"])
    write_lines(tmp_path / "meta_site5_race.csv", ["filename"])
    assert find_sites(tmp_path, "site", "race") == ("2", "10", "north_b")
    assert find_sites(tmp_path, "", "age") == ("site7",)


def test_missing_csv_files_and_folders_are_named(tmp_path: Path) -> None:
    write_lines(tmp_path / "meta_site1_race_test.csv", ["filename"])
    with pytest.raises(DataError, match=r"no meta_site\*_gender_\*\.csv; there are sites for race"):
        find_sites(tmp_path, "site", "gender")
    with pytest.raises(DataError, match="no such folder"):
        find_sites(tmp_path / "absent", "site", "race")
    with pytest.raises(DataError, match=r"meta_site1_race_train\.csv: no such file"):
        find_table(tmp_path, "meta_site1_race", "train")
    with pytest.raises(DataError, match="holds no row"):
        read_lines(tmp_path / "meta_site1_race_test.csv")


def test_train_and_val_share_a_csv_unless_val_has_its_own(tmp_path: Path) -> None:
    train = write_lines(tmp_path / "meta_a_race_train.csv", ["filename"])
    assert find_table(tmp_path, "meta_a_race", "train") == (train, True)
    assert find_table(tmp_path, "meta_a_race", "val") == (train, True)
    val = write_lines(tmp_path / "meta_a_race_val.csv", ["filename"])
    assert find_table(tmp_path, "meta_a_race", "train") == (train, False)
    assert find_table(tmp_path, "meta_a_race", "val") == (val, False)


def test_a_tenth_is_held_out_by_name_alone() -> None:
    patients = [str(number) for number in range(4000)]
    held = held_out(patients)
    assert len(held) == pytest.approx(400, abs=4 * (4000 * 0.1 * 0.9) ** 0.5)
    some = patients[::7]
    assert held_out(some) == held & set(some) == {p for p in some if is_held_out(p)}
    kept = [p for p in patients if p not in held][:3]
    assert held_out(kept) == {min(kept)}


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../x.png", "a/../../x.png", "..", "a\\x.png", "a\0b"],
)
def test_a_filename_that_leaves_the_data_folder_is_refused(name: str) -> None:
    line = Line(Path("meta.csv"), 4, {"filename": name})
    with pytest.raises(DataError, match=r"meta\.csv row 4: filename .* is no file below"):
        line.filename()


def test_a_filename_may_name_folders() -> None:
    assert Line(Path("m"), 1, {"filename": "./a/b.png"}).filename() == "a/b.png"
