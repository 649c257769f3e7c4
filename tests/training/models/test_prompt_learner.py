"""Learned prompts: layout, and the text tower's own answer where the vectors are real words."""

import pytest
import torch
from transformers import CLIPModel

from fairness.errors import UsageError
from training.models.clip_sizes import SIZES
from training.models.prompt_learner import PromptLearner
from training.models.prompts import tokenize

NAMES = ("NOT Glaucoma", "Glaucoma")


def learner(towers: CLIPModel, names: tuple[str, ...] = NAMES) -> PromptLearner:
    return PromptLearner(towers.text_model, towers.text_projection, names, 2, 4)


@pytest.fixture(scope="module")
def towers() -> CLIPModel:
    torch.manual_seed(0)
    return CLIPModel(SIZES["tiny"].config())  # without dropout, so its mode does not matter


def test_words_in_place_of_vectors_give_the_text_s_features(towers: CLIPModel) -> None:
    prompts = learner(towers)
    sentences = ("a photo of a", "an image of some")
    embedding = towers.text_model.embeddings.token_embedding
    with torch.no_grad():
        for n, words in enumerate(sentences):
            prompts.ctx[n] = embedding(tokenize([words])[0, 1:5])
        texts = [f"{words} {name}." for words in sentences for name in NAMES]
        expected = towers.get_text_features(input_ids=tokenize(texts)).pooler_output
        expected = expected / expected.norm(dim=1, keepdim=True)
        torch.testing.assert_close(prompts().flatten(0, 1), expected, rtol=1e-5, atol=1e-5)


def test_vectors_start_small_and_are_all_that_is_trained(towers: CLIPModel) -> None:
    torch.manual_seed(0)
    prompts = learner(towers)
    assert prompts.ctx.shape == (2, 4, 64)
    assert float(prompts.ctx.detach().std()) == pytest.approx(0.02, rel=0.1)  # 512 draws
    assert [name for name, p in prompts.named_parameters() if p.requires_grad] == ["ctx"]
    prompts().sum().backward()
    assert prompts.ctx.grad is not None
    assert bool(prompts.ctx.grad.any())


def test_a_class_name_that_does_not_fit_is_refused(towers: CLIPModel) -> None:
    with pytest.raises(UsageError, match="over 77 tokens"):
        learner(towers, ("glaucoma " * 80, "none"))
