"""Settings of the fair term: attributes with weights, and what excludes itself."""

import pytest

from fairness.errors import UsageError
from training.losses.fair_settings import FairSettings, read_weights


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("race", {"race": 1.0}),
        ("race=0.25", {"race": 0.25}),
        ("race=1,gender=0.5", {"race": 1.0, "gender": 0.5}),
        (" gender , race = 2 ", {"gender": 1.0, "race": 2.0}),
    ],
)
def test_attributes_are_read_with_their_weights(text: str, weights: dict[str, float]) -> None:
    assert read_weights(text) == weights
    assert FairSettings(attribute=text).attributes == weights


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "''"), ("race,", "''"), ("=1", "'=1'"), ("race=0", "'race=0'"), ("race=", "'race='"),
        ("race=-1", "'race=-1'"), ("race=nan", "'race=nan'"), ("race=inf", "'race=inf'"),
        ("race=x", "'race=x'"), ("race=1,race=2", "'race=2'"),
    ],
)  # fmt: skip
def test_a_text_that_names_no_attribute_of_its_own_is_refused(text: str, fault: str) -> None:
    with pytest.raises(UsageError, match=rf"{fault} is not an attribute of its own"):
        FairSettings(attribute=text)


def test_what_excludes_itself_is_refused_with_what_to_do() -> None:
    with pytest.raises(UsageError, match="leave --group-grad off, or choose --fair-mode norm"):
        FairSettings(fair_mode="released", group_grad="on")
    with pytest.raises(UsageError, match="normalized compares .* use --group-source sampler"):
        FairSettings(fair_mode="normalized", group_source="queue")
    with pytest.raises(UsageError, match="queued similarities have no gradient"):
        FairSettings(group_source="queue", group_grad="on")


def test_only_paper_mode_has_a_choice_of_scale() -> None:
    assert FairSettings().compared_scale == "cosine"
    assert FairSettings(score_scale="logit").compared_scale == "logit"
    assert FairSettings(fair_mode="released").compared_scale == "logit"
