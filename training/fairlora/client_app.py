"""Flower's ClientApp of a site.

It answers three kinds of messages:

query       its partition, name, groups and the shape of its images;
train       score the global model on its validation split, then train it for an epoch;
evaluate    score only.

Scoring within the message that trains saves the start of a process a round. The site's own
settings (`--node-config`) go before those of the server: `data`, `weights`, `site`, `state`.
"""

import json
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path

from flwr.app import ConfigRecord, Context, Message, RecordDict
from flwr.clientapp import ClientApp
from torch import Tensor

from fairness.errors import UsageError
from training.fairlora import local_prompts, packing
from training.fairlora.aggregation import Update
from training.fairlora.architecture import start_model
from training.fairlora.config import Config
from training.fairlora.nodes import saying_refusals
from training.fairlora.site import Site
from training.fairlora.task import judge, reported, train_epoch, without_hidden_rows
from training.models.fairlora import FairLoRA, FairLoRAConfig

app = ClientApp()


@app.query()
@saying_refusals
def join(message: Message, context: Context) -> Message:
    """Describe this site: partition, name, groups and the shape of its images."""
    config = own_settings(packing.unpack_config(message.content), context)
    site = open_site(config, partition_of(context))
    joined = packing.Joined(
        partition=partition_of(context),
        name=site.name,
        target=site.train.target,
        groups=site.groups,
        image_shape=site.image_shape,
        val_sha256=site.val.fingerprint(),
        statement=site.train.statement(),
    )
    record = ConfigRecord({"joined": json.dumps(asdict(joined))})
    return Message(RecordDict({"config": record}), reply_to=message)


@app.train()
@saying_refusals
def train(message: Message, context: Context) -> Message:
    """Score the global model, train it, and send the trained tensors."""
    return Message(answer(message, context, trains=True), reply_to=message)


@app.evaluate()
@saying_refusals
def evaluate(message: Message, context: Context) -> Message:
    """Score the global model."""
    return Message(answer(message, context, trains=False), reply_to=message)


def answer(message: Message, context: Context, trains: bool) -> RecordDict:
    """Reply of the site in a round.

    Raises:
        UsageError: the settings do not fit this site.
        DataError: its data are unusable, or its training diverged.
    """
    config = own_settings(packing.unpack_config(message.content), context)
    shape, done = packing.unpack_task(message.content)
    partition = partition_of(context)
    site, (model, start) = open_site(config, partition), open_model(config, shape)
    received = packing.to_torch(packing.unpack_arrays(message.content.array_records["arrays"]))
    own = own_folder(config, context, site) if config.method == "fedotp" else None
    if own is not None:
        found = local_prompts.find_local(own, done)
        received = local_prompts.with_local(received, start if found is None else found)
    model.load_trainable(received)
    counts = judge(model, site, config)
    if not trains:
        return packing.pack_answer(packing.Answer(partition=partition, counts=counts))
    loss = train_epoch(model, site, config, done, partition)
    state = {name: tensor.cpu() for name, tensor in model.trainable_state().items()}
    if own is not None:
        local_prompts.keep_local(own, done + 1, local_prompts.local_part(state))
        state = local_prompts.shared_part(state)
    examples, groups = reported(site, config)
    update = Update(
        partition=partition,
        tensors={n: t.numpy() for n, t in without_hidden_rows(state, received, groups).items()},
        examples=examples,
        group_counts=tuple(groups),
    )
    reply = packing.Answer(partition=partition, counts=counts, update=update, loss=loss)
    return packing.pack_answer(reply)


def partition_of(context: Context) -> int:
    """The number of this site.

    Raises:
        UsageError: the node was started without one.
    """
    if "partition-id" not in context.node_config:
        raise UsageError("start the SuperNode with --node-config 'partition-id=0' (1, 2, ...)")
    return int(context.node_config["partition-id"])


def own_settings(config: Config, context: Context) -> Config:
    """The server's settings with this site's own in their place."""
    node = context.node_config
    if "data" in node:
        config = replace(config, data=Path(str(node["data"])))
    if "weights" in node:
        config = replace(config, weights=str(node["weights"]))
    if "site" in node and not config.pooled:
        sites = list(config.sites)
        sites[partition_of(context)] = str(node["site"])
        config = replace(config, sites=tuple(sites))
    return config


def own_folder(config: Config, context: Context, site: Site) -> Path:
    """Folder in which this site keeps its own prompts.

    Raises:
        UsageError: the node was started without such a folder.
    """
    state = context.node_config.get("state", config.state)
    if state is None:
        raise UsageError('fedotp keeps prompts at the site: add state="FOLDER" to --node-config')
    return Path(str(state)) / site.name


@lru_cache(maxsize=8)
def open_site(config: Config, partition: int) -> Site:
    """The data of a partition, kept while the process lives.

    Raises:
        UsageError: there are fewer sites than partitions.
    """
    if config.pooled:
        return Site(config, config.sites)
    if not 0 <= partition < len(config.sites):
        raise UsageError(f"partition {partition} of {len(config.sites)} sites; number them from 0")
    return Site(config, (config.sites[partition],))


@lru_cache(maxsize=1)
def open_model(config: Config, shape: FairLoRAConfig) -> tuple[FairLoRA, Tensor]:
    """The model, kept while the process lives, and the prompts of its own that a site begins with.

    Only its frozen part outlasts a round.
    """
    model = start_model(config, shape)
    return model, local_prompts.local_part(model.trainable_state())
