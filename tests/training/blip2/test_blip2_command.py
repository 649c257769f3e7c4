"""`python -m training.blip2`: what it says, its settings, and mistakes in one line."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_blip2 import NOTES, small_blip2_config
from small_run import write_small_data
from transformers import CLIPConfig, CLIPModel

from fairness.errors import DataError, UsageError
from training import checkpoint, settings
from training.blip2.__main__ import run
from training.blip2.config import Config
from training.blip2.rate import learning_rate
from training.blip2.start import initial_model
from training.blip2.train import optimiser_of, train
from training.models import blip2_weights
from training.models.blip2 import Blip2
from training.models.blip2_sizes import tiny_sizes
from training.models.blip2_text import small_vocabulary


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_data(tmp_path_factory.mktemp("data"))


def released() -> Config:
    return settings.read(Config, settings.CONFIGS / "blip2.yaml", "vit-l14", "tiny")


def test_blip2_s_command_trains_and_says_what_comes_next(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    flags = ["--preset", "tiny", "--epochs", "1", "--batch-size", "23", "--data", str(data)]
    assert run([*flags, "--fair-mode", "none", "--out", str(out)]) == 0  # 24 pairs: the last alone
    shown = capsys.readouterr().err
    assert f"next: python -m export {out}" in shown
    assert "tower from random weights" in shown
    assert checkpoint.load(out / "best").record.method == "blip2"


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (["--preset", "vit-l14"], 2, "needs the vocabulary of bert-base-uncased"),
        (["--preset", "vit-l14", "--tokenizer", "."], 2, "neither vocab.txt nor tokenizer.json"),
        (["--vision", "openai/clip"], 2, "leave --vision out"),
        (["--attribute", "rase"], 2, "no attribute 'rase'"),
        (["--beta2", "1"], 2, "beta2 = 1.0"),
        (["--data", "nowhere"], 3, "nowhere"),
    ],
)
def test_blip2_s_mistakes_end_in_one_line(
    flags: list[str], code: int, message: str, data: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    assert run(["--preset", "tiny", "--data", str(data), *flags]) == code
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("training: ")
    assert message in last


def test_blip2_s_released_recipe() -> None:
    config = released()
    assert (config.epochs, config.batch_size, config.seed) == (50, 32, 42)
    assert (config.weight_decay, config.beta2, config.vision_blocks) == (0.05, 0.999, 23)
    assert config.vision == "openai/clip-vit-large-patch14"


def test_blip2_s_rate_warms_up_in_the_first_epoch_alone() -> None:
    config = released()
    assert learning_rate(config, 0, 0) == pytest.approx(1e-6)
    assert learning_rate(config, 0, 218) == pytest.approx(1e-6 + 9.9e-5 * 218 / 5000)
    assert learning_rate(config, 0, 9999) == pytest.approx(1e-4)
    assert learning_rate(config, 1, 0) == learning_rate(config, 1, 218) > 9.9e-5  # it jumps
    assert learning_rate(config, 25, 0) == pytest.approx(5.5e-5)
    assert learning_rate(config, 50, 0) == pytest.approx(1e-5)


def test_blip2_s_decay_leaves_out_biases_and_norms() -> None:
    model = Blip2(tiny_sizes(small_vocabulary(NOTES)))
    decayed, plain = optimiser_of(model, released()).param_groups
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    without = {names[id(parameter)] for parameter in plain["params"]}
    assert (decayed["weight_decay"], plain["weight_decay"]) == (0.05, 0.0)
    assert {"ln_vision.weight", "caption_bias", "match_head.bias"} <= without
    assert without.isdisjoint({"query_tokens", "temperature", "match_head.weight"})
    trained = sum(parameter.requires_grad for parameter in model.parameters())
    assert len(plain["params"]) + len(decayed["params"]) == trained
    assert decayed["betas"] == (0.9, 0.999)


def test_blip2_takes_the_first_blocks_of_a_clip_tower(monkeypatch: pytest.MonkeyPatch) -> None:
    tower = {"hidden_size": 64, "intermediate_size": 256, "num_attention_heads": 2}
    clip = CLIPModel(
        CLIPConfig(
            text_config={**tower, "num_hidden_layers": 1},
            vision_config={**tower, "num_hidden_layers": 3, "image_size": 96, "patch_size": 16},
        )
    )
    monkeypatch.setattr(blip2_weights, "load", lambda *_: clip)
    model = Blip2(tiny_sizes(small_vocabulary(NOTES)))
    blip2_weights.fill_tower(model, "a folder")
    pixels = torch.randn(2, 3, 96, 96)
    with torch.no_grad():
        hidden = clip.vision_model(pixel_values=pixels, output_hidden_states=True).hidden_states
        torch.testing.assert_close(model.patches(pixels), model.ln_vision(hidden[2]))
    clip.vision_model.config.hidden_act = "gelu"
    with pytest.raises(UsageError, match="set --vision-act gelu"):
        blip2_weights.fill_tower(model, "a folder")


def test_blip2_of_the_preset_tiny_takes_a_vocabulary_from_a_folder(
    data: Path, tmp_path: Path
) -> None:
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "glaucoma", "non", "-"]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    config = replace(small_blip2_config(data), tokenizer=tmp_path)
    assert initial_model(config, ()).sizes.vocabulary == tuple(words)


def test_blip2_s_loss_that_is_not_finite_stops_the_training(data: Path, tmp_path: Path) -> None:
    config = replace(small_blip2_config(data), fair_lambda=float("inf"))
    with pytest.raises(DataError, match="training diverged: loss/total is"):
        train(config, tmp_path)
