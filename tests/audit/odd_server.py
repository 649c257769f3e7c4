"""A server of a model without a self-description, whose answer to a picture a test chooses."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from fake_server import FakeServer
from PIL import Image as Pillow
from tritonclient.grpc import service_pb2 as pb


@dataclass
class OddServer(FakeServer):
    """Grey bytes of any size in, floats out: what `answer` says of their mean over 255."""

    answer: Callable[[float], list[float]] = lambda grey: [grey]
    columns: int = 1

    def ModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        found = pb.ModelMetadataResponse(name=request.name, versions=self.versions)
        found.inputs.add(name="image", datatype="UINT8", shape=self.shape)
        found.outputs.add(name="answer", datatype="FP32", shape=[-1, self.columns])
        return found

    def ModelConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        found = pb.ModelConfigResponse()
        found.config.max_batch_size = self.batch
        return found

    def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.answered += 1
        images = np.frombuffer(request.raw_input_contents[0], np.uint8)
        images = images.reshape(request.inputs[0].shape)
        rows = [self.answer(float(image.mean()) / 255) for image in images]
        raw = np.array(rows, np.float32)
        found = pb.ModelInferResponse(
            model_name=request.model_name,
            model_version=request.model_version,
            raw_output_contents=[raw.tobytes()],
        )
        found.outputs.add(name="answer", datatype="FP32", shape=raw.shape)
        return found


def write_greys(folder: Path, n: int = 12) -> Path:
    """A table of n grey pictures of level 20, 40, ...; the lighter half is positive, `yes`."""
    lines = ["scan,ill,sex,part"]
    for number in range(n):
        level = np.full((6, 5), 20 * (number + 1), np.uint8)
        Pillow.fromarray(level).save(folder / f"{number}.png")
        ill = "yes" if number >= n // 2 else "no"
        lines.append(f"{number}.png,{ill},{'FM'[number % 2]},{'val' if number % 3 else 'test'}")
    (folder / "people.csv").write_text("\n".join(lines))
    return folder / "people.csv"


FLAGS = ("--file", "scan", "--target", "ill", "--positive", "yes", "--attributes", "sex")
"""Of that table."""
