"""Asks a served model: endpoint, probes, tensors on the wire, batches in flight."""
