"""The model that a BLIP-2 run starts from: random, or of the files that the settings name."""

from collections.abc import Iterable

import torch

from fairness.errors import UsageError
from training.blip2.config import Config, auto_preset
from training.models.blip2 import Blip2
from training.models.blip2_sizes import Blip2Sizes, tiny_sizes
from training.models.blip2_text import read_vocabulary, small_vocabulary
from training.models.blip2_weights import blocks_in, fill_from_bert, fill_from_lavis, fill_tower
from training.models.weight_file import read_state


def initial_model(config: Config, texts: Iterable[str]) -> Blip2:
    """The model, on a GPU if there is one.

    Args:
        config: settings of the run.
        texts: of the training split, of which the preset tiny makes a vocabulary.

    Raises:
        UsageError: weights or vocabulary are not there, or belong to another architecture.
    """
    torch.manual_seed(config.seed)
    preset = auto_preset() if config.preset == "auto" else config.preset
    model = _tiny(config, texts) if preset == "tiny" else _large(config)
    return model.to("cuda" if torch.cuda.is_available() else "cpu")


def _tiny(config: Config, texts: Iterable[str]) -> Blip2:
    for name in ("weights", "vision", "bert"):
        if getattr(config, name) is not None:
            raise UsageError(f"the preset tiny starts from random weights: leave --{name} out")
    known = config.tokenizer
    return Blip2(tiny_sizes(read_vocabulary(known) if known else small_vocabulary(texts)))


def _large(config: Config) -> Blip2:
    folder = config.tokenizer or config.bert
    if folder is None:
        raise UsageError(
            "BLIP-2 needs the vocabulary of bert-base-uncased: name its folder by --bert, or a "
            "folder with its vocab.txt by --tokenizer; --preset tiny can do without"
        )
    vocabulary = read_vocabulary(folder)
    state = read_state(config.weights) if config.weights else {}
    in_file = blocks_in(state)
    model = Blip2(
        Blip2Sizes(
            vision_layers=in_file or config.vision_blocks,
            vision_act=config.vision_act,
            vocabulary=vocabulary,
        )
    )
    if config.vision is not None and not in_file:
        fill_tower(model, config.vision)
    if config.weights is not None:
        fill_from_lavis(model, state, config.weights)
    elif config.bert is not None:
        fill_from_bert(model, config.bert)
    return model
