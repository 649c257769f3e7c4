"""npz files that claim too much, run something, or break in odd ways: one kind of error each."""

import contextlib
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.npz import MAX_SCALAR, Npz
from fairness.datasets.picture import MAX_PIXELS
from fairness.errors import DataError


def npy(header: str, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    text = header.encode("latin1") + b"\n"
    return b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text + data


def of_shape(shape: str, descr: str = "'|u1'") -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"


def write(path: Path, content: bytes, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr("x.npy", content)
    return path


def message(path: Path, ask: str) -> str:
    """What is said when the array `x` is asked for in that way."""
    with Npz(path) as npz, pytest.raises(DataError) as caught:
        getattr(npz, ask)("x")
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("ask", ["array", "scalar", "header"])
@pytest.mark.parametrize("value", [[{}], ["text", 3], [[1], [1, 2]]])
def test_objects_are_called_what_they_are(ask: str, value: list[object], tmp_path: Path) -> None:
    array = np.empty(len(value), dtype=object)
    array[:] = value
    np.savez(tmp_path / "a.npz", x=array)
    said = message(tmp_path / "a.npz", ask)
    assert "'x' is an array of Python objects, which needs pickle" in said
    assert "write it as numbers or as one text" in said


@pytest.mark.parametrize(
    ("shape", "descr"),
    [
        (f"({MAX_PIXELS + 1},)", "'|u1'"),
        ("(7072, 7072)", "'|u1'"),
        ("(9999999999999,)", "'<f8'"),
        ("(1,)", "'<U200000000'"),
        ("(10, 10)", "('<f8', (1000, 10000))"),
        ("(10000000000000,)", "'|V0'"),
    ],
)
def test_an_image_is_measured_by_its_header(shape: str, descr: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.npz", npy(of_shape(shape, descr), b"abc"))
    assert "more than any image has" in message(path, "array")


def test_the_largest_image_is_read(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros((5000, 10_000), np.uint8))
    with Npz(tmp_path / "a.npz") as npz:
        assert npz.array("x").size == MAX_PIXELS


@pytest.mark.parametrize("ask", ["array", "scalar", "header"])
def test_a_bomb_does_not_fill_the_memory(ask: str, tmp_path: Path) -> None:
    """60 MB of zeros behind a member whose directory entry says that it holds 129 bytes."""
    honest = npy(of_shape("()"), b"\0")
    path = write(tmp_path / "a.npz", honest + bytes(60_000_000))
    content = path.read_bytes()
    size = (len(honest) + 60_000_000).to_bytes(4, "little")
    assert content.count(size) == 2
    path.write_bytes(content.replace(size, len(honest).to_bytes(4, "little")))
    tracemalloc.start()
    with Npz(path) as npz, contextlib.suppress(DataError):
        getattr(npz, ask)("x")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("ask", ["array", "scalar", "header"])
def test_other_compressions_are_refused_unopened(
    compression: int, ask: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.npz", npy(of_shape("()"), b"\0"), compression)
    assert "compressed in a way that numpy never writes" in message(path, ask)


def test_a_scalar_has_a_megabyte_at_the_most(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", x="a" * (MAX_SCALAR // 4 - 100))
    with Npz(tmp_path / "a.npz") as npz:
        assert len(str(npz.scalar("x"))) == MAX_SCALAR // 4 - 100
    np.savez_compressed(tmp_path / "b.npz", x="a" * (MAX_SCALAR // 4))
    assert "'x' claims to hold 1048704 bytes" in message(tmp_path / "b.npz", "scalar")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.inf, "infinite"),
        (np.float32(-np.inf), "infinite"),
        ("a\ud800b", "code points that are no characters"),
        (np.datetime64("2020-01-01"), "neither a number nor a text"),
        (np.timedelta64(3, "ns"), "neither a number nor a text"),
        (np.complex64(1), "neither a number nor a text"),
        (np.zeros((), dtype="i4,i4"), "neither a number nor a text"),
    ],
)
def test_odd_scalars_are_refused(value: object, said: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.asarray(value))
    assert said in message(tmp_path / "a.npz", "scalar")


@pytest.mark.parametrize(
    "content",
    [
        npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3, "),  # tokenize.TokenError
        npy("((" * 90),
        npy("(" * 3000 + ")" * 3000),
        npy(of_shape("(-1, 3)"), b"abc"),
        npy(of_shape("(3L,)"), b"abc"),  # Python 2's, of which numpy warns
        npy(of_shape("(2,)"), b"abc"),
        npy(of_shape("(4,)"), b"abc"),
        npy(of_shape("(3,)", "'no such type'"), b"abc"),
        npy(of_shape("(3,)"), b"abc", version=b"\x09\x09"),
        npy(of_shape("()", "'<U1'"), b"\xff\xff\xff\xff"),  # no code point
        b"",
        b"\x93NUMPY",
    ],
)
def test_damaged_headers_and_texts_are_named(content: bytes, tmp_path: Path) -> None:
    path = write(tmp_path / "a.npz", content)
    said = message(path, "scalar")
    assert "corrupt npz" in said or "neither a number" in said


def test_odd_files_are_skipped_like_unreadable_ones(tmp_path: Path) -> None:
    folder = tmp_path / "Test"
    folder.mkdir()
    good = {"slo_fundus": np.zeros((4, 4), np.uint8), "glaucoma": 1}
    np.savez(folder / "a.npz", **good)  # type: ignore[arg-type]  # savez's own arguments
    for name, change in (
        ("infinite_patient", {"pid": np.inf}),
        ("infinite_age", {"age": np.inf}),
        ("bad_text", {"pid": "\ud800"}),
        ("objects", {"race": np.array([{}], dtype=object)}),
    ):
        np.savez(folder / f"{name}.npz", **{**good, **change})  # type: ignore[arg-type]
    write(folder / "token.npz", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3, "))
    (folder / "x\udcff.npz").write_bytes((folder / "a.npz").read_bytes())
    split = FairVLMed(tmp_path, "test", on_error="skip")
    assert split.ids == ("a",)
    assert len(split.skipped) == 6
    "".join(id_ + reason for id_, reason in split.skipped).encode()  # can be printed
    with pytest.raises(DataError):
        FairVLMed(tmp_path, "test")
