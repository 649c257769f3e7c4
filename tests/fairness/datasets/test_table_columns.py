"""What flags and a `data.yaml` beside a table say, against columns written out by hand."""

from pathlib import Path

import pytest

from fairness.datasets.table_columns import TableColumns, columns_of
from fairness.errors import UsageError
from fairness.tables.changes import MapRule

YAML = """
file: picture
id: key
target: finding
positive: 3
attributes: [sex, scanner]
site: hospital
patient: person
covariates: age
split_column: use
unknown: [U, X X]
map: ["sex:F=Female", "sex:M=Male"]
images: pictures
image_key: slo
window: [40, 400]
mask: drawn
mask_key: m
mask_values: [255=background, 0=rim]
spacing: [row_mm, column_mm]
"""


def test_a_file_beside_the_table_says_everything_that_flags_say(tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text(YAML)
    assert columns_of(tmp_path / "t.csv", {}) == TableColumns(
        file="picture",
        id="key",
        target="finding",
        positive="3",
        attributes=("sex", "scanner"),
        site="hospital",
        patient="person",
        covariates=("age",),
        split_column="use",
        unknown=frozenset(("u", "xx")),
        rules=(MapRule("sex", "F", "Female"), MapRule("sex", "M", "Male")),
        images=tmp_path / "pictures",
        image_key="slo",
        window=(40.0, 400.0),
        mask="drawn",
        mask_key="m",
        mask_values={255: "background", 0: "rim"},
        spacing=("row_mm", "column_mm"),
        beside=tmp_path / "data.yaml",
    )


def test_flags_count_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text(YAML)
    said = columns_of(tmp_path / "t.csv", {"id": "number", "attributes": "race", "images": "x"})
    assert (said.id, said.attributes, said.images) == ("number", ("race",), Path("x"))
    assert said.file == "picture"


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("0,4095", (0, 4095)),
        ("-160, 240", (-160, 240)),
        ("centre=40,width=400", (-160, 240)),
    ],
)
def test_a_window_is_black_and_white_or_centre_and_width(
    tmp_path: Path, text: str, window: tuple[float, float]
) -> None:
    assert columns_of(tmp_path / "t.csv", {"window": text}).window == window


@pytest.mark.parametrize(
    "text", ["4095,0", "1,1", "0", "0,1,2", "0,nan", "0,inf", "centre=40", "centre=40,width=0",
             "width=400,centre=40", "low=0,high=1", "centre=4,width"],
)  # fmt: skip
def test_what_is_no_window_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=f"--window: '{text}' is not LOW,HIGH with LOW below HIGH"):
        columns_of(tmp_path / "t.csv", {"window": text})


def test_without_a_file_and_flags_the_usual_names_count(tmp_path: Path) -> None:
    assert columns_of(tmp_path / "t.csv", {}) == TableColumns()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fiel: a", "no setting 'fiel'"),
        ("- file", "holds no names"),
        ("", "holds no names"),
        ("positive: yes", "'positive' is True, expected a text"),
        ("file: {a: b}", "expected a text or a list of texts"),
        ("id: null", "'id' is None"),
        ("file: &a x\nid: *a", "cannot be read"),
        ("window: 40", "'40' is not LOW,HIGH"),
        ("window: [40, -1]", "is not LOW,HIGH"),
        ("mask_values: 300=", "'300=' is not NUMBER=CLASS"),
        ("spacing: [1, 0]", "--spacing: '1,0' is not MM,MM"),
        ("spacing: 0.5", "--spacing: '0.5' is not MM,MM"),
        ("mask_values: [1=cup, 1=rim]", "'1=rim' is not NUMBER=CLASS"),
        ("map: sex=F", "'sex=F' is not COLUMN:OLD=NEW"),
    ],
)
def test_what_cannot_be_followed_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        columns_of(tmp_path / "t.csv", {})
    assert "\n" not in str(caught.value)
