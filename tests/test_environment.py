"""The libraries of all packages live in one process: some pairs of versions do not."""

import subprocess
import sys

import pytest

LIBRARIES = (
    "torch", "transformers", "onnx", "onnxscript", "onnxruntime", "tritonclient.grpc", "grpc",
    "pyarrow.parquet", "sklearn", "scipy", "pydantic", "tyro", "rich", "safetensors.torch",
    "tensorboard", "instant_clip_tokenizer", "PIL", "yaml",
)  # fmt: skip


@pytest.mark.further
def test_every_library_imports_beside_the_others() -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {', '.join(LIBRARIES)}"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-500:]


def test_numpy_is_one_that_the_bundled_server_can_use() -> None:
    import numpy as np

    assert int(np.__version__.split(".")[0]) < 2
