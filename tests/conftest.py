import os

# Before any import of onnxruntime: from 1.29 on it reports to its maker unless told not to.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
