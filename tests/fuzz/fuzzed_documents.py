"""Targets of the fuzz: documents that people wrote, a server said, or an earlier run left."""

import hashlib
import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from odd_inputs import Rng, damaged_bytes, odd_document, pick
from torch import nn

from audit.policy.baseline import threshold_of
from audit.policy.policy import read_policy
from audit.records.sample_probes import beside, meaning_of, read_probes
from audit.threshold import read_threshold
from fairness.contract import ModelSpec, Threshold
from fairness.foreign.model_yaml import read_model_yaml
from fairness.foreign.prepare import prepared
from fairness.probes import Probes
from fairness.tasks.catalogue import check_description
from training import checkpoint, settings
from training.checkpoint_record import FairCLIPRecord
from training.fairclip.config import Config
from training.resume import Progress, load_state, save_state

THRESHOLD = Threshold(value=0.4, rule="youden", split="val", split_sha256="ab")

SPEC = ModelSpec(
    task="classification",
    method="fairclip (paper mode)",
    dataset="fairvlmed",
    target="glaucoma",
    attribute="race",
    input="images",
    image_shape=(20, 30),
    output="probability",
    class_names=("non-glaucoma", "glaucoma"),
    threshold=THRESHOLD,
    checkpoint_sha256="ab",
    model_sha256="cd",
    precision="fp32",
    parity={"cosine": 1e-7},
    probes=Probes(seed=3, shapes=((20, 30),), expected=((0.25,),), tolerance=1e-3),
)

POLICY: dict[str, Any] = {
    "name": "p",
    "description": "some margins",
    "rules": [
        {"metric": "auc", "min": 0.8},
        {"metric": "auc", "attribute": "race", "groups": ["Asian", "Black"], "min": 0.7},
        {"metric": "auc", "attribute": "race", "scope": "pairs", "max": 0.05, "by": "estimate"},
        {"metric": "auc", "change": True, "min": -0.05},
    ],
}


DESCRIPTION: dict[str, Any] = {
    "task": "classification",
    "threshold": 0.5,
    "input": {
        "name": "x",
        "layout": "NCHW",
        "colour": "rgb",
        "size": [24, 28],
        "resize": "squash",
        "filter": "bilinear",
        "normalise": {"divide_by": 255, "mean": [0.5], "std": [0.2, 0.3, 0.4]},
    },
    "output": {"name": "y", "holds": "logits", "positive": 1},
    "origin": {"parity": {"logit": 0.1}},
}


def text_of(rng: Rng, document: Any, *, as_yaml: bool = False) -> bytes:
    """The document with odd values, as text, perhaps damaged."""
    if rng.random() < 0.85:
        document = odd_document(rng, document)
    try:
        text = yaml.safe_dump(document) if as_yaml and rng.random() < 0.5 else json.dumps(document)
    except yaml.YAMLError:
        text = json.dumps(document)
    content = text.encode(errors="surrogatepass")
    return damaged_bytes(rng, content) if rng.random() < 0.3 else content


def self_description(rng: Rng, folder: Path) -> None:
    content = text_of(rng, json.loads(SPEC.to_json()))
    (folder / "spec.json").write_bytes(content)
    spec = ModelSpec.from_json(content.decode(errors="replace"), "m")
    check_description(spec, "m")
    if spec.probes is not None and sum(int(np.prod(s)) for s in spec.probes.shapes) < 10**6:
        spec.probes.images()
    assert ModelSpec.from_json(spec.to_json(), "m") == spec


def policy(rng: Rng, folder: Path) -> None:
    (folder / "policy.yaml").write_bytes(text_of(rng, POLICY, as_yaml=True))
    json.dumps(read_policy(folder / "policy.yaml").model_dump(mode="json"), allow_nan=False)


def model_yaml(rng: Rng, folder: Path) -> None:
    (folder / "model.yaml").write_bytes(text_of(rng, DESCRIPTION, as_yaml=True))
    said = read_model_yaml(folder / "model.yaml")
    image = np.zeros((1, 20, 30, 3), np.uint8)
    taken = said.description.input
    if taken.size is None or max(taken.size) < 500:
        tensor = prepared(image, taken, taken.layout, "fp32")
        assert tensor.shape[taken.layout.index("W")] == (taken.size or (20, 30))[1]
    assert said.at("input", "name").startswith(str(folder))


def sample_probes(rng: Rng, folder: Path) -> None:
    (folder / "model.yaml").write_text(json.dumps(DESCRIPTION))
    said = read_model_yaml(folder / "model.yaml")
    digests = ["0" * 64, "1" * 64]
    good = {"recorded": "2026-01-31", "meaning_sha256": meaning_of(said), "tolerance": 0.01}
    good |= {"image_sha256": digests, "sent_sha256": digests, "answers": [[0.1], [0.9]]}
    beside(said.path).write_bytes(text_of(rng, good))
    found = read_probes(said, "fair-audit init")
    assert found is not None
    assert np.isfinite(found.answers).all()


def threshold_file(rng: Rng, folder: Path) -> None:
    good = {"value": 0.4, "rule": "youden", "split": "val", "split_sha256": "ab"}
    (folder / "threshold.json").write_bytes(text_of(rng, good))
    found = read_threshold(str(folder / "threshold.json"), "cd")
    assert np.isfinite(found.value)


def earlier_report(rng: Rng, folder: Path) -> None:
    (folder / "report").mkdir()
    good = {
        "provenance": {"threshold": {"value": 0.4, "by_label": {"a": 0.3}}},
        "rows": [{"value": None}],
    }
    (folder / "report" / "report.json").write_bytes(text_of(rng, good))
    found = threshold_of(folder)
    assert np.isfinite([found.value, *found.by_label.values()]).all()


def settings_file(rng: Rng, folder: Path) -> None:
    good = yaml.safe_load((settings.CONFIGS / "fairclip.yaml").read_text())
    (folder / "mine.yaml").write_bytes(text_of(rng, good, as_yaml=True))
    settings.read(Config, folder / "mine.yaml", pick(rng, (None, "tiny")), "tiny")


@cache
def good_checkpoint() -> tuple[bytes, dict[str, Any]]:
    import tempfile

    record = FairCLIPRecord(
        preset="tiny", dataset="fairvlmed", target="glaucoma", threshold=THRESHOLD
    )
    with tempfile.TemporaryDirectory() as name:
        checkpoint.save(Path(name), nn.Linear(3, 2).state_dict(), {"width": 3}, record)
        weights = (Path(name) / checkpoint.WEIGHTS).read_bytes()
        return weights, json.loads((Path(name) / checkpoint.DOCUMENT).read_text())


def stored_model(rng: Rng, folder: Path) -> None:
    weights, document = good_checkpoint()
    if rng.random() < 0.6:
        weights = damaged_bytes(rng, weights)
        document = {**document, "weights_sha256": hashlib.sha256(weights).hexdigest()}
    (folder / checkpoint.WEIGHTS).write_bytes(weights)
    content = text_of(rng, document) if rng.random() < 0.6 else json.dumps(document).encode()
    (folder / checkpoint.DOCUMENT).write_bytes(content)
    checkpoint.load(folder).fill(nn.Linear(3, 2))


def state_of_a_run(rng: Rng, folder: Path) -> None:
    model = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    about = {"lr": "0.1"}
    save_state(folder, model, optimizer, Progress(epochs=2), about)
    content = (folder / "state.pt").read_bytes()
    if rng.random() < 0.5:
        state: dict[str, Any] = torch.load(io.BytesIO(content), weights_only=True)
        packed = io.BytesIO()
        torch.save(odd_document(rng, state), packed)
        content = packed.getvalue()
    else:
        content = damaged_bytes(rng, content)
    (folder / "state.pt").write_bytes(content)
    load_state(folder, model, optimizer, about)
