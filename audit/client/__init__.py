"""Asks a served model: endpoint, probes, tensors on the wire, batches in flight."""

import os

# Before any import of grpc: its core otherwise writes its own log lines beside our one line.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
