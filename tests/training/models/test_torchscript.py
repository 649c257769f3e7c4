"""Archives of TorchScript: their tensors are read, and nothing in them is run."""

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from fairness.errors import UsageError
from training.models.torchscript import LARGEST_PICKLE
from training.models.weight_file import read_state

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")


class Part(nn.Module):
    """Tensors in every way that a module has them, beside what is no tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.rounded = nn.Parameter(torch.randn(2, 3).half())
        self.register_buffer("count", torch.tensor(7))
        self.sizes, self.scale, self.name, self.pairs = [1, 300, 10**10], 0.5, "part", {"a": 1}
        self.turned = torch.arange(6.0).view(2, 3).T
        self.shared = self.turned

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("archive") / "scripted.pt"
    torch.jit.save(torch.jit.script(nn.Sequential(Part(), nn.Linear(3, 2), Part())), path)
    return path


def rewritten(archive: Path, path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """A copy with entries changed; the first argument is an entry's name without its folder."""
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name.partition("/")[2], old.read(name)))
    return path


def with_pickle(archive: Path, path: Path, content: bytes) -> Path:
    return rewritten(archive, path, lambda name, old: content if name == "data.pkl" else old)


def test_all_tensors_are_read_as_torch_reads_them(archive: Path) -> None:
    found, loaded = read_state(archive), torch.jit.load(archive)  # type: ignore[no-untyped-call]
    expected = dict(loaded.state_dict())
    for part in ("0", "2"):  # attributes that are no buffers
        for name in ("turned", "shared"):
            expected[f"{part}.{name}"] = getattr(getattr(loaded, part), name)
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor), name


class Hostile:
    """Writes a file wherever it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


def test_a_pickle_that_would_run_code_is_named_and_not_run(archive: Path, tmp_path: Path) -> None:
    path = with_pickle(archive, tmp_path / "x.pt", pickle.dumps(Hostile(tmp_path / "ran"), 2))
    with pytest.raises(
        UsageError, match=r"x\.pt: .*asks for \S+, which no network needs"
    ) as caught:
        read_state(path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "ran").exists()


MODULE = b"\x80\x02c__torch__\nM\n)\x81}"
"""An instruction by instruction: a module, and the empty dictionary of its attributes."""
A = b"X\x01\x00\x00\x00a"
"""The text a."""


def tensor(size: bytes, stride: bytes, key: bytes = b"0") -> bytes:
    """Instructions for a tensor of the archive's first storage, seen with a size and a stride."""
    storage = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00" + key
    storage += b"X\x03\x00\x00\x00cpuK\x01tQ"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x00" + size + stride + b"\x89NtR"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (MODULE + A + tensor(b"K\x04\x85", b"K\x01\x85") + b"sb.", "larger than its numbers"),
        (MODULE + A + tensor(b"J\x00\x00\x00\x7f\x85", b"K\x00\x85") + b"sb.", "larger than its"),
        (MODULE + A + tensor(b"J\xff\xff\xff\xff\x85", b"K\x01\x85") + b"sb.", "negative size"),
        (MODULE + A + tensor(b"K\x01\x85", b"K\x01\x85", b"z") + b"sb.", "KeyError"),
        (b"\x80\x02c__torch__\nM\n)\x81q\x00}" + A + b"h\x00sb.", "nested without end"),
        (MODULE + b"K\x01K\x02sb.", "something other than names"),
        (MODULE + A + b"(" * 100_000 + b"t" * 100_000 + b"sb.", "holds no tensors by name"),
        (MODULE + b"(" + b")\x85" * 50_000 + b"K\x01ub.", "something other than names"),
        (b"\x80\x02cos\nsystem\n.", r"asks for os\.system, which"),
        (b"\x80\x02\x8c\x01a.", "the instruction SHORT_BINUNICODE"),
        (b"\x80\x02r\xff\xff\xff\xff.", "IndexError"),
        (b"\x80\x02h\x05.", "KeyError"),
        (b"\x80\x02K\x01.", r"data\.pkl is no module"),
        (b"\x80\x02", "pickle exhausted"),
        (b"", "pickle exhausted"),
        (b"\x80\x02" + b"N" * LARGEST_PICKLE, r"one data\.pkl of at most 16 MB"),
    ],
    ids=range(16),
)
def test_hostile_pickles_end_in_one_line(
    content: bytes, message: str, archive: Path, tmp_path: Path
) -> None:
    path = with_pickle(archive, tmp_path / "x.pt", content)
    with pytest.raises(UsageError, match=rf"x\.pt: .*{message}") as caught:
        read_state(path)
    assert "\n" not in str(caught.value)


def test_numbers_that_were_changed_or_cut_are_damaged(archive: Path, tmp_path: Path) -> None:
    content = archive.read_bytes()
    with zipfile.ZipFile(archive) as opened:
        numbers = opened.read(f"{opened.namelist()[0].partition('/')[0]}/data/0")
    damaged = bytearray(content)
    damaged[content.index(numbers)] ^= 1
    (tmp_path / "changed.pt").write_bytes(damaged)
    (tmp_path / "cut.pt").write_bytes(content[: len(content) // 2])
    for name in ("changed", "cut"):
        with pytest.raises(UsageError, match=rf"{name}\.pt: not readable as weights \(BadZipFile"):
            read_state(tmp_path / f"{name}.pt")


def test_other_byte_orders_are_refused(archive: Path, tmp_path: Path) -> None:
    def big(name: str, old: bytes) -> bytes:
        return b"big" if name == "byteorder" else old

    with pytest.raises(UsageError, match="little-endian"):
        read_state(rewritten(archive, tmp_path / "x.pt", big))


def test_a_zip_that_would_unfold_is_refused(tmp_path: Path) -> None:
    saved = io.BytesIO()
    torch.save({"a": torch.zeros(1000)}, saved)
    scripted = io.BytesIO()
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), tmp_path / "scripted.pt")
    scripted.write((tmp_path / "scripted.pt").read_bytes())
    for content, message in ((saved, "compressed, which torch never"), (scripted, "is compressed")):
        with zipfile.ZipFile(content) as old, zipfile.ZipFile(tmp_path / "x.pt", "w", 8) as new:
            for name in old.namelist():
                new.writestr(name, old.read(name))
        with pytest.raises(UsageError, match=message):
            read_state(tmp_path / "x.pt")


@pytest.mark.parametrize("content", [b"", b"junk", b"PK\x03\x04", b"\2" + b"\0" * 7 + b"{}", None])
def test_other_files_are_no_weights(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "x.pt").write_bytes(content)
    with pytest.raises(UsageError, match=r"x\.pt: ") as caught:
        read_state(tmp_path / "x.pt")
    assert "\n" not in str(caught.value)


def test_a_pickle_of_torch_s_own_format_is_not_run(tmp_path: Path) -> None:
    hostile = {"epoch": 1, "model_state_dict": {"a": Hostile(tmp_path / "ran")}}
    torch.save(hostile, tmp_path / "clip_ep001.pth")
    with pytest.raises(UsageError, match=r"clip_ep001\.pth: not readable .*UnpicklingError"):
        read_state(tmp_path / "clip_ep001.pth")
    assert not (tmp_path / "ran").exists()
