"""YAML and JSON of others: plain values, or one reason why not."""

import time
from pathlib import Path

import pytest

from fairness.documents import LARGEST, parse_json, parse_yaml, read_text

BOMB = "a: &a {x: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{chr(ord(name) - 1)}'] * 9)}]}}\n"
    for name in "bcdefghi"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 2024-13-45", "month"),
        ("a: !!int '_'", "no YAML"),
        ("a: !!timestamp x", "no YAML"),
        ("a: !!bool q", "no YAML"),
        ("a: !!set 3", "no YAML"),
        ("!!map [1]", "no YAML"),
        ("a: !!python/object/apply:os.system [touch pwned]", "could not determine a constructor"),
        ("a: &a [*a]", "anchors are not read"),
        ("a: &a {<<: *a}", "anchors are not read"),
        (BOMB, "anchors are not read"),
        ("[" * 20_000, "nested too deeply"),
        ("a: 0x" + "f" * 5000, "more than 40 digits"),
        ("a: " + "9" * 5000, "more than 40 digits"),
        ("a: " + "1:" * 300 + "1", "more than 40 digits"),
        ("a: 1\na: 2", "'a' is there twice"),
        ("a: 1\nb: {c: 1, c: 1}", "'c' is there twice"),
        ("a: \x1b[0m", "not allowed"),
        ("a: \ud800", "not allowed"),
    ],
    ids=range(18),
)
def test_odd_yaml_is_refused_at_once(text: str, message: str) -> None:
    start = time.monotonic()
    with pytest.raises(ValueError, match=message) as caught:
        parse_yaml(text)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - start < 5


def test_plain_yaml_is_read() -> None:
    found = parse_yaml("a: [1, -2.5, .inf, text, 'no', null]\nb: {c: 0x1f, d: true}")
    assert found == {"a": [1, -2.5, float("inf"), "text", "no", None], "b": {"c": 31, "d": True}}


@pytest.mark.parametrize(
    "text",
    [
        '{"a": NaN}', '{"a": -Infinity}', '{"a": 1e999}', f'{{"a": {"9" * 41}}}', "[1]", "3", "",
        "{", "[" * 200_000, '{"a":' * 200_000, b"\xff", b'{"a": "\xff"}', '{"a": 1} {}',
    ],
)  # fmt: skip
def test_odd_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(ValueError, match="."):
        parse_json(text)


def test_plain_json_is_read() -> None:
    assert parse_json('{"a": [1, -2.5e-300, "x"]}') == {"a": [1, -2.5e-300, "x"]}


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    with pytest.raises(ValueError, match=f"larger than {LARGEST >> 10} KB"):
        read_text(Path("/dev/zero"))


def test_a_mark_of_utf_8_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfname: x")
    assert read_text(tmp_path / "a") == "name: x"
