"""A mistyped command and `--help` are answered before anything slow is imported."""

import json
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

from training import gpu

CALLS = {
    "--nonsense 1": 2, "--seed two": 2, "--seed -1": 2, "--config nowhere.yaml": 2, "--help": 0
}  # fmt: skip
"""Flags to exit code."""

SCRIPT = """
import importlib, json, sys
module, codes = importlib.import_module(sys.argv[1] + ".__main__"), {}
for flags in json.loads(sys.argv[2]):
    try:
        codes[flags] = module.run(flags.split())
    except SystemExit as end:
        codes[flags] = end.code
slow = sorted({"torch", "transformers", "flwr", "ray", "onnx"} & sys.modules.keys())
print(json.dumps([codes, slow]))
"""


@pytest.mark.parametrize(
    "module",
    [
        "training.fairclip",
        "training.blip2",
        "training.probe",
        "training.finetune",
        "training.fairseg",
        "training.fairlora",
        "export",
    ],
)
def test_torch_is_imported_after_the_flags_are_read(module: str, tmp_path: Path) -> None:
    calls = CALLS if module != "export" else {"--nonsense 1": 2, "--threads two": 2, "--help": 0}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, module, json.dumps(list(calls))],
        capture_output=True, text=True, cwd=tmp_path, timeout=60,
        env={"PYTHONPATH": str(Path(gpu.__file__).parent.parent)},
    )  # fmt: skip
    assert json.loads(done.stdout.splitlines()[-1]) == [calls, []], done.stderr


@pytest.mark.parametrize("driver", ["none", "NVIDIA's", "AMD's"])
@pytest.mark.parametrize("found", [True, False])
def test_torch_is_asked_where_there_is_a_driver_and_only_there(
    driver: str, found: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "CUDA", "libc.so.6" if driver == "NVIDIA's" else "no such library")
    monkeypatch.setattr(gpu, "AMD", tmp_path if driver == "AMD's" else tmp_path / "absent")
    asked = Mock(return_value=found)
    monkeypatch.setattr("torch.cuda.is_available", asked)
    assert gpu.has_gpu() is (found and driver != "none")
    assert asked.call_count == (driver != "none")
