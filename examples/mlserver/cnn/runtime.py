"""An MLServer runtime that answers with an ONNX model, the file that its settings name."""

import numpy as np
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from mlserver.utils import get_model_uri


class OnnxModel(MLModel):  # type: ignore[misc]  # MLServer is not installed beside fair-audit
    """One tensor in, one tensor out."""

    async def load(self) -> bool:
        """Open the file that `parameters.uri` names."""
        self.session = onnxruntime.InferenceSession(
            await get_model_uri(self.settings), providers=["CPUExecutionProvider"]
        )
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Run the model on one batch."""
        (given,) = payload.inputs
        (name,) = (output.name for output in self.session.get_outputs())
        tensor = np.ascontiguousarray(NumpyCodec.decode_input(given))
        (answer,) = self.session.run([name], {given.name: tensor})
        return InferenceResponse(
            model_name=self.name,
            model_version=self.version,
            outputs=[NumpyCodec.encode_output(name, answer)],
        )
