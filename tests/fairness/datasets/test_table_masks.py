"""Masks of any structures in a table: what numbers mean, and the size of a pixel in mm."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from written_table import SHAPE, cohort_columns, write_rows

from fairness.arrays import Image
from fairness.datasets.class_mask import MaskClasses
from fairness.datasets.table import TableSplit
from fairness.datasets.table_columns import columns_of
from fairness.errors import DataError, UsageError
from fairness.structures import structures_of

CHEST = MaskClasses(structures_of(("background", "lung", "heart")), {0: 0, 3: 1, 7: 2})
"""Of a model that calls the lung 3 and the heart 7."""


def classes(number: int) -> Image:
    return np.random.default_rng(number).integers(0, 3, SHAPE).astype(np.uint8)


def opened(
    folder: Path,
    stored: list[int],
    more: dict[str, list[Any]] | None = None,
    on_error: Any = "stop",
    mask_classes: MaskClasses | None = CHEST,
    **said: str,
) -> TableSplit:
    """The test rows of a table whose masks hold `stored` for background, lung and heart."""
    columns = cohort_columns(folder) | (more or {})
    columns["mask"] = [f"m{i}.png" for i in range(6)]
    for i, name in enumerate(columns["mask"]):
        Pillow.fromarray(np.array(stored, np.uint8)[classes(i)]).save(folder / name)
    path = write_rows(folder / "t.csv", columns)
    flags = columns_of(path, {"attributes": "sex", **said})
    return TableSplit(path, "test", flags, masks=True, mask_classes=mask_classes, on_error=on_error)


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ([0, 3, 7], ""),
        ([0, 255, 128], "255=lung,128=heart"),
        ([9, 0, 1], "0=lung,1=heart,9=background"),
    ],
)
def test_numbers_are_the_model_s_or_what_is_said(
    tmp_path: Path, stored: list[int], said: str
) -> None:
    split = opened(tmp_path, stored, mask_values=said)
    for index in range(5):
        np.testing.assert_array_equal(split.read(index).target, classes(5 - index))


def test_numbers_of_one_class_and_of_none_are_read(tmp_path: Path) -> None:
    said = "1=lung,2=lung,5=heart,2=heart"
    with pytest.raises(UsageError, match="'2=heart' is not NUMBER=CLASS"):
        opened(tmp_path, [0, 1, 2], mask_values=said)
    split = opened(tmp_path, [1, 2, 9], mask_values="1=lung,2=lung,5=heart,9=background")
    expected = np.array([1, 1, 0])[classes(5)]
    np.testing.assert_array_equal(split.read(0).target, expected)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("1=lung", "no number is 'heart'; masks have lung, the model draws lung, heart"),
        ("1=lung,2=heart,3=spine", "'spine' is no class of the model; masks have lung, heart, spi"),
        ("1=lung,2=heart,3=spine", "3=background"),
    ],
)
def test_structures_that_only_one_has_are_refused(tmp_path: Path, said: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        opened(tmp_path, [0, 1, 2], mask_values=said)


def test_an_unknown_number_names_row_and_file(tmp_path: Path) -> None:
    split = opened(tmp_path, [0, 3, 8])
    with pytest.raises(DataError, match=r"t\.csv row 6: .*m5\.png: holds 8, expected 0 backgr"):
        split.read(0)


def test_without_a_model_the_flags_name_the_structures(tmp_path: Path) -> None:
    split = opened(tmp_path, [0, 2, 1], mask_classes=None, mask_values="2=lung,1=heart")
    assert split.mask_classes.structures.names == ("heart", "lung")
    with pytest.raises(UsageError, match="'left lung' cannot be part"):
        opened(tmp_path, [0, 2, 1], mask_classes=None, mask_values="2=left lung")


def test_the_size_of_a_pixel_is_found_or_said(tmp_path: Path) -> None:
    sizes = [0.5 + i for i in range(6)]
    usual: dict[str, list[Any]] = {"spacing_row": sizes, "spacing_column": sizes[::-1]}
    own: dict[str, list[Any]] = {"down": sizes, "right": sizes[::-1]}
    found = opened(tmp_path, [0, 3, 7], usual).covariates
    assert found["spacing_row"].tolist() == [5.5, 4.5, 3.5, 2.5, 1.5]  # sorted by id
    assert found["spacing_column"].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
    named = opened(tmp_path, [0, 3, 7], own, spacing="down,right", covariates="age").covariates
    assert named["spacing_row"].tolist() == found["spacing_row"].tolist()
    assert set(named) == {"age", "spacing_row", "spacing_column"}
    same = opened(tmp_path, [0, 3, 7], spacing="0.7,0.2").covariates
    assert set(same["spacing_row"]) == {0.7}
    assert set(same["spacing_column"]) == {0.2}
    assert "spacing_row" not in opened(tmp_path, [0, 3, 7]).covariates
    assert "spacing_row" not in opened(tmp_path, [0, 3, 7], usual, spacing="pixels").covariates
    blank: dict[str, list[Any]] = {"spacing_row": [""] * 6, "spacing_column": [""] * 6}
    assert "spacing_row" not in opened(tmp_path, [0, 3, 7], blank).covariates


@pytest.mark.parametrize("value", ["", "0", "-1", "inf", "0,5"])
def test_a_row_without_a_size_is_refused_or_skipped(tmp_path: Path, value: str) -> None:
    usual: dict[str, list[Any]] = {"spacing_row": [1.0] * 6, "spacing_column": [1.0] * 6}
    usual["spacing_column"][2] = value
    with pytest.raises(DataError, match=r"t\.csv row 3: 'spacing_column' is .* expected"):
        opened(tmp_path, [0, 3, 7], usual)
    split = opened(tmp_path, [0, 3, 7], usual, on_error="skip")
    assert [id_ for id_, _ in split.skipped] == ["s4"]


def test_a_size_of_one_axis_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="column 'spacing_row' stands alone"):
        opened(tmp_path, [0, 3, 7], {"spacing_row": [1.0] * 6})
    with pytest.raises(UsageError, match="no column 'right'"):
        opened(tmp_path, [0, 3, 7], {"down": [1.0] * 6}, spacing="down,right")


def test_the_fingerprint_changes_with_sizes_and_with_names(tmp_path: Path) -> None:
    ways = [opened(tmp_path, [0, 3, 7]), opened(tmp_path, [0, 3, 7], spacing="1,1"),
            opened(tmp_path, [0, 3, 7], spacing="1,2"),
            opened(tmp_path, [0, 3, 7], mask_values="3=heart,7=lung")]  # fmt: skip
    assert len({split.fingerprint() for split in ways}) == 4
