"""FairLoRA's Flower strategy: the choice of sites in a round, and the use of their answers.

A round sends one message to every connected site: the chosen ones train, all score the model that
the round before made. Every answer in time counts; one is enough. After each round the state is
on disk.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, Message, MessageType, MetricRecord, RecordDict
from flwr.serverapp import Grid
from flwr.serverapp.strategy import FedAvg

from fairness.attributes import UNKNOWN_LABEL
from fairness.errors import DataError, FairAuditError
from training.fairlora import packing
from training.fairlora.aggregation import Tensors, Update, aggregate, check
from training.fairlora.best_model import BestModel
from training.fairlora.config import FREE, Config
from training.fairlora.nodes import Nodes, is_refusal, reason_of
from training.fairlora.round_state import RoundProgress, save_state
from training.fairlora.score_counts import merged, pooled
from training.learned import auc_limits
from training.models.fairlora import FairLoRAConfig
from training.resume import identity_of
from training.runlog import LOG, RunLog


def choose(config: Config, done: int) -> list[int]:
    """Partitions that train after `done` rounds: all in the first, then a share of them.

    A function of the seed and the round alone.
    """
    if done == 0:
        return list(range(config.clients))
    rng = np.random.default_rng((config.seed, 3, done))
    return sorted(rng.choice(config.clients, config.chosen, replace=False).tolist())


class Rounds(FedAvg):
    """Every method's rounds; they differ in the model and in the rule of aggregation."""

    def __init__(
        self,
        config: Config,
        shape: FairLoRAConfig,
        nodes: Nodes,
        folder: Path,
        progress: RoundProgress,
        keep_best: BestModel,
        log: RunLog,
    ) -> None:
        """Go on from `progress`; the state goes into `folder`."""
        super().__init__(fraction_evaluate=0.0, min_train_nodes=1, min_available_nodes=1)
        self.config, self.shape, self.nodes = config, shape, nodes
        self.folder, self.progress = folder, progress
        self._keep_best, self._log = keep_best, log
        self._old: Tensors = {}

    def summary(self) -> None:
        """Log nothing here: the run's own log has it all."""

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """One message to every connected site: train for the chosen ones, evaluate for others."""
        self._old = packing.unpack_arrays(arrays)
        connected = self.nodes.wait(1, self.config.connect_timeout)
        chosen = choose(self.config, self.progress.done)
        present = [partition for partition in chosen if partition in connected]
        if len(present) < len(chosen):
            away = ", ".join(str(p) for p in chosen if p not in connected)
            LOG.warning(f"round {self.progress.done + 1}: partition {away} is not connected")
        trains = present or list(connected)
        kinds = {p: MessageType.TRAIN if p in trains else MessageType.EVALUATE for p in connected}
        return self._messages(arrays, connected, kinds)

    def _messages(
        self, arrays: ArrayRecord, connected: Mapping[int, int], kinds: Mapping[int, str]
    ) -> list[Message]:
        task = packing.pack_task(self.config, self.shape, self.progress.done)
        content = RecordDict({"arrays": arrays, "config": task})
        seconds = self.config.round_timeout
        return [Message(content, connected[p], kinds[p], ttl=seconds) for p in sorted(connected)]

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """The new global tensors; they and the progress are on disk when this returns.

        Raises:
            DataError: no site trained.
        """
        answers, refused = self._read(replies)
        updates = [answer.update for answer in answers if answer.update is not None]
        done = self.progress.done
        if not updates:
            why = f": {refused}" if refused else ""
            raise DataError(
                f"round {done + 1}: no site trained in time{why}; then go on with --resume"
            )
        if done == 0:
            self._warn_of_few_groups(updates)
        self._judge(answers)
        new = aggregate(self._old, updates, self.config.rule(), done, self.config.rounds)
        self.progress = replace(self.progress, done=done + 1)
        self.save(new)
        losses = {f"loss/{self._name(a.partition)}": a.loss for a in answers if a.update}
        self._log.scalars(done + 1, losses)
        names = ", ".join(self._name(update.partition) for update in updates)
        LOG.info(
            f"round {done + 1} of {self.config.rounds}: {names} trained, "
            f"loss {np.mean(list(losses.values())):.3f}"
        )
        return packing.pack_arrays(new), None

    def judge_last(self, grid: Grid, tensors: Tensors) -> None:
        """Let all sites score the model of the last round, which no round follows."""
        if self.progress.judged == self.progress.done:
            return
        self._old = tensors
        connected = self.nodes.wait(1, self.config.connect_timeout)
        kinds = dict.fromkeys(connected, MessageType.EVALUATE)
        messages = self._messages(packing.pack_arrays(tensors), connected, kinds)
        replies = grid.send_and_receive(messages, timeout=self.config.round_timeout)
        self._judge(self._read(replies)[0])
        self.save(tensors)

    def save(self, tensors: Tensors) -> None:
        """Put tensors and progress on disk."""
        save_state(self.folder / "last", tensors, self.progress, identity_of(self.config, FREE))

    def _warn_of_few_groups(self, updates: list[Update]) -> None:
        """Warn where the sites report fewer than two groups, so that nothing is told apart."""
        if not self.config.grouped:
            return
        totals = np.sum([update.group_counts for update in updates], axis=0)
        if np.count_nonzero(totals) < 2:
            groups = self.nodes.joined[updates[0].partition].groups
            known = [groups[i] for i in np.flatnonzero(totals)] or [UNKNOWN_LABEL]
            LOG.warning(
                f"all training samples that the sites report are {self.config.attribute} "
                f"{known[0]}: no groups are told apart; choose another --attribute, or, if small "
                "groups may be known, a lower --min-group"
            )

    def _read(self, replies: Iterable[Message]) -> tuple[list[packing.Answer], str]:
        """The usable answers by partition; the others are left out with a warning.

        Also why the last of the others was left out, "" where none was.

        Raises:
            DataError: a site refuses its data, and all sites are on this machine.
        """
        answers, refused = {}, ""
        for reply in replies:
            node = reply.metadata.src_node_id
            if self.nodes.all_here and is_refusal(reply):
                raise DataError(reason_of(reply))
            try:
                if reply.has_error():
                    raise DataError(reason_of(reply))
                answer = packing.unpack_answer(reply.content)
                if answer.partition != self.nodes.partition_of(node):
                    raise DataError(f"it answers as partition {answer.partition}, which it is not")
                self._accept(answer, packing.payload(reply.content))
            except FairAuditError as error:
                refused = str(error)
                LOG.warning(f"round {self.progress.done + 1}: node {node} left out: {error}")
                continue
            answers[answer.partition] = answer
        return [answers[partition] for partition in sorted(answers)], refused

    def _accept(self, answer: packing.Answer, sent: int) -> None:
        """Check an answer by itself, and log its size in bytes.

        Raises:
            DataError: it cannot be averaged.
        """
        if answer.update is not None:
            check(answer.update, self._old, answer.update)
            groups = self.shape.n_groups if self.config.grouped else 0
            if len(answer.update.group_counts) != groups:
                raise DataError(f"{len(answer.update.group_counts)} group counts, not {groups}")
        received = sum(array.nbytes for array in self._old.values())
        name, number = self._name(answer.partition), self.progress.done + 1
        self._log.scalars(number, {f"bytes/{name}/up": sent, f"bytes/{name}/down": received})
        LOG.info(f"round {number}: {name} received {received:,} bytes of tensors and sent {sent:,}")

    def _judge(self, answers: list[packing.Answer]) -> None:
        """Pool the scores of the model that was sent, and keep it if it is the best so far."""
        done = self.progress.done
        if done == self.progress.judged:
            return
        self.progress = replace(self.progress, judged=done)
        counts = [answer.counts for answer in answers]
        try:
            auc, threshold = pooled(counts)
        except DataError as error:  # the sites that answered may lack a class
            LOG.warning(f"round {done} cannot be judged: {error}")
            return
        self._log.scalars(done, {"validation/auc": auc})
        LOG.info(f"round {done}: pooled validation AUC {auc:.3f} of {len(answers)} sites")
        if auc > self.progress.best_auc:
            self._keep_best(self._old, done, auc, threshold)
            labels, scores = merged(counts)  # whose patients stay unknown: one a score
            low, high = auc_limits(labels, scores, np.arange(len(scores)), self.config.rounds)
            self.progress = replace(
                self.progress, best_round=done, best_auc=auc, best_low=low, best_high=high
            )

    def _name(self, partition: int) -> str:
        return self.nodes.joined[partition].name
