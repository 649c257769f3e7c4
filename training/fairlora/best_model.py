"""Writes the checkpoint of the best round, and for FedOTP one a site."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from fairness.contract import SelectedOn, Threshold
from training import checkpoint
from training.checkpoint_record import FairLoRARecord
from training.fairlora import local_prompts, packing
from training.fairlora.aggregation import Tensors
from training.fairlora.config import Config
from training.models.fairlora import FairLoRA


class BestModel:
    """Saves the model of a round as a checkpoint in `folder`."""

    def __init__(
        self,
        folder: Path,
        config: Config,
        model: FairLoRA,
        joined: Mapping[int, packing.Joined],
        val_sha256: str | None,
    ) -> None:
        """Prepare.

        Args:
            folder: of the checkpoint.
            config: the settings of the run.
            model: its frozen part is saved with the tensors of the round.
            joined: self-descriptions of the sites by partition.
            val_sha256: fingerprint of the validation split over all sites, where it is at hand.
        """
        self._folder, self._config, self._model = folder, config, model
        self._start = local_prompts.local_part(model.trainable_state())
        self._joined = [joined[partition] for partition in sorted(joined)]
        fingerprints = [site.val_sha256 for site in self._joined]
        together = hashlib.sha256("\n".join(fingerprints).encode()).hexdigest()
        self._sha256 = val_sha256 or together

    def __call__(self, tensors: Tensors, done: int, auc: float, threshold: float) -> None:
        """Save the global tensors of round `done`.

        Args:
            tensors: shared by all sites.
            done: number of the round, from 1 on.
            auc: on the pooled validation data.
            threshold: on P(positive), chosen there too.
        """
        record = self._record(done, auc, threshold)
        if self._config.method != "fedotp":
            self._save(self._folder, tensors, record)
            return
        # The prompts that a site keeps are part of its model, so each site has one of its own.
        # Where they are out of reach, at the hospitals, those that all sites began with stand in.
        self._save(self._folder, self._with_own(tensors, "", done), record)
        for site in self._joined:
            if self._config.state is not None:
                whole = self._with_own(tensors, site.name, done)
                named = replace(record, sites=(site.name,))
                self._save(self._folder.parent / f"best-{site.name}", whole, named)

    def _with_own(self, tensors: Tensors, site: str, done: int) -> Tensors:
        folder = self._config.state / site if self._config.state and site else None
        found = local_prompts.find_local(folder, done) if folder else None
        own = self._start if found is None else found
        whole = local_prompts.with_local(packing.to_torch(tensors), own.cpu())
        return {name: tensor.numpy() for name, tensor in whole.items()}

    def _save(self, folder: Path, tensors: Tensors, record: FairLoRARecord) -> None:
        self._model.load_trainable(packing.to_torch(tensors))
        shape = asdict(self._model.config)
        checkpoint.save(folder, self._model.state_dict(), shape, record)

    def _record(self, done: int, auc: float, threshold: float) -> FairLoRARecord:
        config, site = self._config, self._joined[0]
        return FairLoRARecord(
            preset=config.preset,
            data=site.statement,
            attribute=config.attribute,
            config=asdict(config),
            selected_on=SelectedOn(split="val", epoch=done, value=auc, split_sha256=self._sha256),
            seed=config.seed,
            variant=config.method,
            threshold=Threshold(
                value=threshold, rule="youden", split="val", split_sha256=self._sha256
            ),
            dataset=config.dataset,
            target=site.target,
            groups=site.groups,
            sites=config.sites,
            image_shape=site.image_shape,
            class_names=self._model.config.class_names,
        )
