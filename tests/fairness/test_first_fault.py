import pytest
from pydantic import TypeAdapter, ValidationError

from fairness.first_fault import first_fault


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (dict[str, list[int]], '{"a": [1, "x"], "b": 2}', "a.1: Input should be a valid integer"),
        (int, '"x"', "Input should be a valid integer"),
    ],
)
def test_one_line_with_the_place_of_the_first_fault(
    kind: type[object], text: str, expected: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_json(text)
    assert first_fault(caught.value).startswith(expected)
    assert "\n" not in first_fault(caught.value)
