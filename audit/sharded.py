"""The end of a shard: no report, but all that merging needs, without asking the server again.

A shard's report beside that of the whole would be related tables, as a partial one
(`audit/partial.py`): subtracting one from the other gives the counts of the rest.
"""

import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version

from google.protobuf.json_format import MessageToDict
from rich.console import Console

from audit import shard_file
from audit.client.endpoint import Found
from audit.plan import Plan
from audit.provenance import Speed
from audit.records.complete import check_complete
from audit.shard_file import Asked, ShardFile, Told, write_shard
from audit.typed import typed_command
from fairness.datasets.code_version import code_version, decoders
from fairness.evaluate import Readings


def conclude_shard(
    plan: Plan,
    found: Readings,
    told: Found,
    speed: Speed,
    proof: tuple[str, bool],
    words: Sequence[str],
    console: Console,
) -> int:
    """Reconcile the answers of a shard and write `records/shard.json`; the exit code.

    Args:
        plan: of the shard.
        found: its answers.
        told: what the server said of the model.
        speed: of the answers.
        proof: what was proved of the model, and whether its server counts no answers.
        words: the command line.
        console: for results.

    Raises:
        DataError: the answers are not those of the shard, each once.
    """
    shard = plan.options.shard
    assert shard is not None
    digest = check_complete(found.ids, plan.split, plan.asked())
    asked = set(plan.asked())
    file = ShardFile(
        number=shard.number,
        of=shard.of,
        code=code(),
        asked=Asked.of(plan.options),
        identity=dict(plan.identity),
        told=told_of(plan, told),
        proved=proof[0],
        uncounted=proof[1],
        ids_sha256=digest,
        skipped=tuple(pair for pair in plan.split.skipped if pair[0] in asked),
        speed=speed_of(plan, speed, words),
    )
    write_shard(plan.out, file)
    batches = len(plan.cuts())
    console.print(
        f"shard {shard}: {len(found)} of {len(plan.split)} images in {batches} batches, a part "
        f"without report or verdict, in {plan.out}; when all {shard.of} are there: fair-audit "
        f"merge {plan.out.parent}/shard-*-of-{shard.of} --out DIR, with the flags of the report",
        highlight=False,
        markup=False,
    )
    return 0


def code() -> Mapping[str, str]:
    """Versions of what reads files and answers, by which shards must agree."""
    return {
        "fair-audit": version("fair-audit-triton"),
        "code that reads files": code_version(),
        "decoders of images": decoders(),
    }


def told_of(plan: Plan, found: Found) -> Told:
    """What the server said, as JSON."""
    config = found.config
    return Told(
        name=plan.model.name,
        version=found.version,
        server=found.server,
        metadata=MessageToDict(found.metadata, preserving_proto_field_name=True),
        config=None if config is None else MessageToDict(config, preserving_proto_field_name=True),
        answering=plan.model.answering,
    )


def speed_of(plan: Plan, speed: Speed, words: Sequence[str]) -> shard_file.Speed:
    """How the answers came about, without what tells of the machine alone."""
    said = {} if speed.delivery is None else speed.delivery.told()
    counts = ("requests", "retries", "restarts", "answered_from_cache")
    return shard_file.Speed(
        endpoint=plan.options.endpoint,
        images=speed.images,
        seconds=round(speed.seconds, 2),
        finished=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        command=typed_command(words),
        **{name: said.get(name) or 0 for name in counts},
    )
