import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from fairvlmed_files import keys, small_image, write_npz

from fairness.datasets.npz import Npz
from fairness.errors import DataError


def test_arrays_and_scalars_equal_those_of_numpy(tmp_path: Path) -> None:
    path = write_npz(tmp_path / "a.npz", age=61.5, race=2, note="text")
    with Npz(path) as npz, np.load(path) as reference:
        for key in reference:
            np.testing.assert_array_equal(npz.array(key), reference[key])
        assert (npz.scalar("age"), npz.scalar("race"), npz.scalar("note")) == (61.5, 2, "text")
        assert npz.scalar("md") == pytest.approx(-4.25)


def test_compressed_files_and_columns_first_arrays_are_read(tmp_path: Path) -> None:
    image = np.asfortranarray(small_image())
    np.savez_compressed(tmp_path / "a.npz", slo_fundus=image)
    with Npz(tmp_path / "a.npz") as npz:
        np.testing.assert_array_equal(npz.array("slo_fundus"), image)


def test_checksums_are_those_of_the_zip_and_follow_the_content(tmp_path: Path) -> None:
    one, same, other = (write_npz(tmp_path / f"{i}.npz", race=i // 2) for i in range(3))

    def checksums(path: Path) -> list[str]:
        with Npz(path) as npz:
            return npz.checksums()

    assert checksums(one) == checksums(same) != checksums(other)
    raw = BytesIO()
    np.lib.format.write_array(raw, np.asarray(0), allow_pickle=False)  # type: ignore[no-untyped-call]
    crc = zipfile.crc32(raw.getvalue())  # type: ignore[attr-defined]
    assert f"race {crc:08x} {len(raw.getvalue())}" in checksums(one)


def test_a_missing_key_lists_what_is_there(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", b=1, a=2)
    with Npz(tmp_path / "a.npz") as npz, pytest.raises(DataError, match="no array 'x'; it holds a"):
        npz.array("x")


@pytest.mark.parametrize("value", [np.zeros(2), np.bytes_(b"x"), np.zeros(0)])
def test_a_scalar_is_one_number_or_one_text(tmp_path: Path, value: object) -> None:
    path = write_npz(tmp_path / "a.npz", race=value)
    with Npz(path) as npz, pytest.raises(DataError, match="'race'.*--on-error skip"):
        npz.scalar("race")


def test_missing_and_foreign_files_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a.npz: no such file; fetch it, or go on without"):
        Npz(tmp_path / "a.npz")
    (tmp_path / "b.npz").write_text("not a zip")
    with pytest.raises(DataError, match=r"b.npz: truncated or corrupt npz \(File is not a zip"):
        Npz(tmp_path / "b.npz")


def test_any_damage_is_one_kind_of_error_or_none(tmp_path: Path) -> None:
    """Cut and flip a file at many places: no other exception, and no silently changed image."""
    path = write_npz(tmp_path / "a.npz", tds=None, note=None, note_extra=None)
    whole, image = path.read_bytes(), small_image()
    rng = np.random.default_rng(0)
    damaged = [whole[:length] for length in rng.integers(0, len(whole), 60)]
    for at in rng.integers(0, len(whole), 500):
        flipped = bytearray(whole)
        flipped[at] ^= 1 << rng.integers(8)
        damaged.append(bytes(flipped))
    refused = []
    for content in damaged:
        path.write_bytes(content)
        try:
            with Npz(path) as npz:
                np.testing.assert_array_equal(npz.array("slo_fundus"), image)
                for key in keys(tds=None, note=None, note_extra=None, slo_fundus=None):
                    npz.scalar(key)
        except DataError as error:
            refused.append(str(error))
    assert len(refused) > 60
    assert all(str(path) in message and "\n" not in message for message in refused)
