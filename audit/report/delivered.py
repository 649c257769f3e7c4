"""How the answers of a run came about, in lines that people read."""

from collections.abc import Mapping, Sequence
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


RUNS = ("server", "backend", "runtime", "engine", "device", "providers", "precision")
"""What runs a model, of a server among several; said where they differ in it."""


def replica_line(replicas: Sequence[Mapping[str, Any]]) -> str:
    """Who answered how many images, by what where that differs, and who was away."""
    unlike = [name for name in RUNS if len({one.get(name) for one in replicas}) > 1]
    parts = []
    for one in replicas:
        runs = [str(one.get(name)) for name in unlike]
        away = [f"away {one['absences']} times"] if one["absences"] else []
        away += [f"restarted {one['restarts']} times"] if one["restarts"] else []
        more = ", ".join([*runs, *away]).replace(" 1 times", " once")
        parts.append(f"{one['endpoint']} {one['images']} images" + (f" ({more})" if more else ""))
    return f"answered by {len(replicas)} servers: {', '.join(parts)}"


def delivery_lines(about: Mapping[str, Any]) -> list[str]:
    """Who answered, how, and where the time went; nothing where nobody was asked.

    Of merged shards their sums.

    Args:
        about: a provenance, in which `delivery` is absent or None where few people are in the data,
            and `replicas` where one server answered, too.
    """
    if shards := about.get("shards"):
        return shard_lines(shards)
    if workers := about.get("workers"):
        return [f"asked by {workers['number']} workers of {workers['engine']}"]
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
    replicas = about.get("replicas")
    shared = [replica_line(replicas)] if replicas else []
    lines = [*shared, how, f"time: {spent}; a request {request['round_trip']:.2f} ms ({where})"]
    return lines + cache_lines(said.get("answered_from_cache"))


def shard_lines(shards: Sequence[Mapping[str, Any]]) -> list[str]:
    """How the answers of all shards came about."""
    keys = ("requests", "retries", "restarts", "answered_from_cache")
    requests, retries, restarts, cached = (sum(one[key] for one in shards) for key in keys)
    servers = ", ".join(dict.fromkeys(one["endpoint"] for one in shards))
    how = (
        f"merged from {len(shards)} shards: {requests} requests to {servers}, {retries} sent "
        f"again, {restarts} restarts of a server"
    )
    return [how, *cache_lines(cached)]


def cache_lines(cached: int | None) -> list[str]:
    """That some answers are not the model's, where there are such."""
    if not cached:
        return []
    return [f"WARNING: {cached} answers came from the server's cache, not from the model"]
