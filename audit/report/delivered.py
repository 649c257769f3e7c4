"""How the answers of a run came about, in a line that people read."""

from collections.abc import Mapping
from typing import Any

CLIENT = {"read": "reading", "send": "sending", "wait": "waiting", "score": "scoring"}
"""Phases of the client, in words."""

REQUEST = {
    "network": "network",
    "queue": "queue",
    "compute_input": "input",
    "compute_infer": "model",
    "compute_output": "output",
}
"""Parts of a round trip, in words."""


def delivery_lines(about: Mapping[str, Any]) -> list[str]:
    """Way, batch, window and failures, then where the time went; nothing where nobody was asked.

    Args:
        about: a provenance, in which `delivery` is absent or None where few people are in the data.
    """
    said = about.get("delivery")
    if not said:
        return []
    how = (
        f"sent by {said['transport']}: {said['requests']} requests of up to {said['batch']} "
        f"images, up to {said['window']} at once, {said['retries']} sent again, "
        f"{said['restarts']} restarts of the server"
    )
    client, request = said["client_seconds"], said["milliseconds_a_request"]
    whole = sum(client.values()) or 1.0
    spent = ", ".join(
        f"{client[k] / whole:.0%} {word}" for k, word in CLIENT.items() if k in client
    )
    parts = ", ".join(f"{word} {request[k]:.2f}" for k, word in REQUEST.items() if k in request)
    where = parts or "where inside the server is not stated by it"
    cached = said.get("answered_from_cache")
    lines = [how, f"time: {spent}; a request {request['round_trip']:.2f} ms ({where})"]
    if cached:
        lines.append(f"WARNING: {cached} answers came from the server's cache, not from the model")
    return lines
