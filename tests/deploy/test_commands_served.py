"""The audits of Compose and Kubernetes, as they stand in the files, against a real Triton."""

from pathlib import Path

import pytest
from deploy_files import compose, named
from deployed import Volumes, words_of

pytest_plugins = ["deploy_fixtures"]
pytestmark = pytest.mark.further


def groups(run: Path) -> bytes:
    return (run / "report" / "groups.csv").read_bytes()


def test_shards_and_their_merge_are_the_audit_of_compose(
    volumes: Volumes, triton: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def at(words: list[str], **environment: str) -> int:
        return volumes.fair_audit(words, triton[0], monkeypatch, environment)

    words = words_of("audit-shards")
    n = named("Job", "audit-shards")["spec"]["completions"]
    codes = [at(words, JOB_COMPLETION_INDEX=str(i)) for i in range(n)]
    assert codes == [0] * n
    assert at(words, JOB_COMPLETION_INDEX="3") == 0, "a pod that is started again"
    assert at(words_of("audit-merge")) == 1, "the model fails the policy"
    assert at(list(compose()["services"]["audit"]["command"])) == 0
    reports = volumes.root / "audit" / "reports"
    (whole,) = (reports / "fairclip").glob("*")
    merged = reports / "shards" / "whole"
    assert groups(merged) == groups(whole)


def test_a_shard_too_many_makes_no_sense(
    volumes: Volumes, triton: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The exit code at which the Job gives up all parts.
    words = words_of("audit-shards")
    assert volumes.fair_audit(words, triton[0], monkeypatch, {"JOB_COMPLETION_INDEX": "8"}) == 2
