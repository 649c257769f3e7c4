"""CLIP's tokens and the zero-shot score against golden values."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fairness.clip_tokens import CONTEXT
from fairness.datasets.notes import LABEL_TEXTS
from training.models.prompts import tokenize, zero_shot_score

GOLDEN = Path(__file__).parents[2] / "golden"
START, END = 49406, 49407


def golden(name: str) -> Any:
    return json.loads((GOLDEN / name).read_text("utf-8"))


def test_the_prompts_are_those_of_the_original_with_its_tokens() -> None:
    prefixes = golden("clip_tokens.json")["prefixes"]
    assert list(LABEL_TEXTS) == list(prefixes)
    tokens = tokenize(LABEL_TEXTS)
    assert tokens.shape == (2, CONTEXT)
    assert tokens.dtype == torch.int64
    assert tokens[:, :9].tolist() == list(prefixes.values())
    assert not tokens[:, 9:].any()


def test_a_note_has_as_many_tokens_as_in_the_original() -> None:
    counted = golden("clip_tokens.json")["counted"]
    (tokens,) = tokenize([counted["text"]])
    assert int((tokens > 0).sum()) == counted["tokens_including_start_and_end"]


def test_a_long_text_keeps_its_end_token() -> None:
    (long,), (start,) = tokenize(["glaucoma " * 200]), tokenize(["glaucoma " * 75])
    assert (int(long[0]), int(long[-1])) == (START, END)
    assert long.tolist() == start.tolist()


def test_the_score_is_the_softmax_without_logit_scale() -> None:
    cases = golden("zero_shot_score.json")
    # On unit prompts along the axes the cosines are the coordinates themselves.
    images = torch.tensor(cases["cosines"], dtype=torch.float64)
    score = zero_shot_score(images, torch.eye(2, dtype=torch.float64))
    assert score.shape == (len(images), 1)
    assert score[:, 0].numpy() == pytest.approx(np.array(cases["probability"]), abs=1e-9)
