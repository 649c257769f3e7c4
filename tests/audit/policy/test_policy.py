"""policy.yaml: what is read, and what is refused in one line."""

from pathlib import Path

import pytest

from audit.policy.policy import read_policy
from fairness.errors import UsageError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: p\nrules: []", "rules: .*at least 1"),
        ("rules: [{metric: auc, min: 0}]", "name: Field required"),
        ("name: p\nrules: [{metric: auc}]", "a rule needs min or max"),
        ("name: p\nrules: [{metric: auc, mim: 0.8}]", "mim: Extra inputs"),
        ("name: p\nrules: [{metric: auc, min: .nan}]", "min: .*finite"),
        ("name: p\nrules: [{metric: auc, min: 1, max: 0}]", "min is larger than max"),
        ("name: p\nrules: [{metric: auc, min: 1, groups: [A]}]", "groups need an attribute"),
        ("name: p\nrules: [{metric: auc, max: 1, scope: gap}]", "scope 'gap' needs an attribute"),
        ("name: p\nrules: [{metric: auc, attribute: r, scope: pairs, min: 0}]", "pairs take max"),
        ("- just\n- a list", "Input should be"),
        ("name: p\nrules: [{metric: auc, min: yes}]", "min: .*a number, not yes or no"),
        ("name: p\nrules: [{metric: auc, min: 2024-01-01}]", "min: Input should be a valid"),
        ("name: p\nrules: [{metric: auc, min: 0, attribute: r, groups: [no]}]", "name in quotes"),
        ("name: p\nrules: [{metric: auc, min: 0, attribute: r, groups: [1]}]", "name in quotes"),
        ("name: 1\nrules: [{metric: auc, min: 0}]", "name: .*put a name in quotes"),
        ("name: p\nrules: [{metric: auc, max: 0.1, max: 0.9}]", "'max' is there twice; keep one"),
        ("name: p\nrules: &r [*r]", "anchors are not read"),
        ("name: !!python/name:os.system\nrules: []", "no YAML"),
        ("name: p\nrules: [{metric: auc, min: 1" + "0" * 400 + "}]", "more than 40 digits"),
        ("#" * 300_000, "larger than 256 KB"),
        ("a: [", "no YAML"),
        (b"\xff\xfe\x00", "UTF-8"),
    ],
)
def test_a_policy_that_cannot_be_read_is_one_line(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError, match=message) as caught:
        read_policy(path)
    assert "\n" not in str(caught.value)


def test_an_absent_policy_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_policy(tmp_path / "policy.yaml")


def test_the_example_policy_is_valid_and_says_that_it_is_an_example(tmp_path: Path) -> None:
    path = Path(__file__).parents[3] / "docs" / "policy.example.yaml"
    policy = read_policy(path)
    assert "example" in policy.name.lower()
    assert "not recommendations" in policy.description
    assert {rule.scope for rule in policy.rules} == {"groups", "gap", "pairs"}
    assert not any(rule.change for rule in policy.rules)  # it works without --baseline
    uncommented = tmp_path / "policy.yaml"
    uncommented.write_text(path.read_text().replace("# - {", "- {"))
    assert any(rule.change for rule in read_policy(uncommented).rules)
