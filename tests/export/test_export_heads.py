"""Probes and fine-tuned encoders as they are exported: their inputs, and what they say."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as triton

from export.__main__ import run
from export.config import config_text
from export.model_spec import model_spec
from export.servable import TOKENS
from export.servables import servable_of
from fairness.clip_tokens import clip_tokens
from fairness.contract import PARAMETER_KEY, ModelSpec, SelectedOn, TextInput, Threshold
from training import checkpoint
from training.checkpoint_record import Features, Head, HeadRecord
from training.head_run import save
from training.models.classifier import Classifier
from training.models.clip import build
from training.models.encoder import ClipEncoder
from training.models.head import build_head

THRESHOLD = Threshold(value=0.5, rule="youden", split="val", split_sha256="a" * 64)


def write_head(folder: Path, features: Features, head: Head) -> Path:
    """A run folder with a random encoder and head."""
    torch.manual_seed(1)
    encoder = ClipEncoder(build("tiny", None), features, "squash")
    model = Classifier(encoder, build_head(head, encoder.width)).eval()
    with torch.no_grad():
        next(iter(model.head.parameters())).normal_()
    record = HeadRecord(
        preset="tiny",
        threshold=THRESHOLD,
        dataset="fairvlmed",
        target="glaucoma",
        attribute="",
        head=head,
        features=features,
        backbone="tiny with random weights",
        note_characters=99,
        selected_on=SelectedOn(split="val", epoch=7, value=0.75),
    )
    save(folder / "best", model, record)
    return folder


def test_a_probe_that_reads_notes_declares_their_tokens(tmp_path: Path) -> None:
    made = write_head(tmp_path, "image-text", "linear")
    stored = checkpoint.load(made / "best")
    servable = servable_of(stored)
    trial = servable.trial(np.random.default_rng(0), (3, 40, 30))
    assert trial[TOKENS].shape == (3, 77)
    spec = model_spec(servable, made / "best", b"", {}, None, "fp32", stored.record.selected_on)
    assert spec.text_input == TextInput(name="tokens", characters=99)
    assert spec.selected_on == stored.record.selected_on
    assert spec.attribute is None
    config = text_format.Parse(config_text("probe", 1, spec), triton.ModelConfig())
    assert [(i.name, list(i.dims)) for i in config.input] == [("image", [-1, -1]), ("tokens", [77])]
    assert list(config.model_warmup[0].inputs["tokens"].dims) == [77]


def test_what_a_probe_answers_depends_on_the_note_where_it_reads_it(tmp_path: Path) -> None:
    servable = servable_of(checkpoint.load(write_head(tmp_path, "image-text", "linear") / "best"))
    inputs = servable.trial(np.random.default_rng(0), (2, 40, 30))
    first = servable.run(inputs)[0]
    second = servable.run({**inputs, TOKENS: clip_tokens(["other", "words"])})[0]
    assert np.abs(first - second).min() > 1e-4


@pytest.mark.methods
@pytest.mark.parametrize(
    ("features", "head"), [("image", "logistic"), ("image", "linear"), ("image-text", "linear")]
)
def test_a_probe_is_exported_with_parity(features: Features, head: Head, tmp_path: Path) -> None:
    made = write_head(tmp_path / "run", features, head)
    assert run([str(made), "--repository", str(tmp_path / "models")]) == 0
    folder = tmp_path / "models" / "probe"
    config = text_format.Parse((folder / "config.pbtxt").read_text(), triton.ModelConfig())
    spec = ModelSpec.from_json(config.parameters[PARAMETER_KEY].string_value, "probe")
    assert spec.method == f"probe ({head} head on {features})"
    assert spec.probes is not None
    assert (spec.probes.texts is None) == (features == "image")
    graph = onnx.load(folder / "1" / "model.onnx").graph
    assert [i.name for i in graph.input] == [i.name for i in config.input]
    assert json.loads(spec.to_json())["selected_on"]["epoch"] == 7
