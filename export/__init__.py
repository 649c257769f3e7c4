"""Export: a checkpoint becomes a Triton model that owns its preprocessing and describes itself."""

import os

# ONNX Runtime from 1.29 on reports models to its makers unless this is set before its import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
