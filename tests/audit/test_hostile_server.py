"""Servers that lie: names, versions, shapes, numbers and sizes that no honest one has."""

import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fair_audit_runs import audit, failure
from fake_server import FakeServer, serving
from served import SPEC, with_probes

from fairness.contract import ModelSpec

pytest_plugins = ["audit_fixtures"]

QUICK = ("--replicates", 100)
MANY = [f"name {i}" for i in range(100_000)]


def said(**changes: Any) -> str:
    """The description of a sound model with other fields; `probes.seed` names one of a part."""
    document = json.loads(with_probes(SPEC).to_json())
    for name, value in changes.items():
        part, _, field = name.partition("__")
        if field:
            document[part] = (document[part] or {}) | {field: value}
        else:
            document[part] = value
    return json.dumps(document)


GROUP = {"name": "group", "attribute": "race", "groups": ["A"], "settings": {}}


@pytest.mark.parametrize(
    "server",
    [
        FakeServer(names=("../../x",)),
        FakeServer(names=("/tmp/x",)),
        FakeServer(names=("..",)),
        FakeServer(names=(".hidden",)),
        FakeServer(names=("a/b",)),
        FakeServer(names=("a\\b",)),
        FakeServer(names=("a\nb",)),
        FakeServer(names=("m", "\x1b[31mred")),
        FakeServer(names=("x" * 300,)),
        FakeServer(names=("",)),
        FakeServer(names=("ä",)),
        FakeServer(names=tuple(MANY)),
        FakeServer(versions=("one", "two")),
        FakeServer(versions=("one two",)),
        FakeServer(versions=("-1",)),
        FakeServer(versions=("1", "²")),
        FakeServer(versions=("1" * 5000,)),
        FakeServer(versions=("../1",)),
        FakeServer(shape=(-1,) * 100_000),
        FakeServer(description=""),
        FakeServer(description="[" * 100_000),
        FakeServer(description="{" + '"a":' * 10),
        FakeServer(description=said(probes__seed=-1)),
        FakeServer(description=said(probes__seed=10**30)),
        FakeServer(description=said(probes__tolerance=float("inf"))),
        FakeServer(description=said(probes__tolerance=float("nan"))),
        FakeServer(description=said(probes__tolerance=1e9)),
        FakeServer(description=said(probes__tolerance=-1.0)),
        FakeServer(description=said(probes__expected=[[float("nan")]] * 3)),
        FakeServer(description=said(probes__expected=[[0.1], [0.2], [0.3, 0.4]])),
        FakeServer(description=said(probes__expected=[[0.1] * 100_000] * 3)),
        FakeServer(description=said(probes__shapes=[[8192, 8192, 8192]] * 3)),
        FakeServer(description=said(probes__shapes=[[8192, 8192]] * 3)),
        FakeServer(description=said(probes__shapes=[[0, 8], [8, 8], [8, 8]])),
        FakeServer(description=said(probes__shapes=[[-8, 8], [8, 8], [8, 8]])),
        FakeServer(
            description=said(probes__shapes=[[8, 8]] * 10**5, probes__expected=[[0.1]] * 10**5)
        ),
        FakeServer(
            description=said(probes__shapes=[[6000, 6000]] * 60, probes__expected=[[0.1]] * 60)
        ),
        FakeServer(description=said(probes__groups=[0, 0, 7])),
        FakeServer(description=said(image_shape=[8192, 8192, 8192])),
        FakeServer(description=said(image_shape=[10**9, 10**9])),
        FakeServer(description=said(threshold__value=float("nan"))),
        FakeServer(description=said(threshold__value=float("inf"))),
        FakeServer(description=said(threshold__value=17.0)),
        FakeServer(description=said(parity={"cosine": float("nan")})),
        FakeServer(description=said(parity={"cosine": float("-inf")})),
        FakeServer(description=said(parity=dict.fromkeys(MANY, 0.0))),
        FakeServer(description=said(class_names=MANY)),
        FakeServer(description=said(class_names=["a", "a"])),
        FakeServer(description=said(class_names=["a", "\x1b[2J"])),
        FakeServer(description=said(group_input=GROUP | {"groups": MANY})),
        FakeServer(description=said(group_input=GROUP | {"groups": []})),
        FakeServer(description=said(group_input=GROUP | {"groups": ["A", "A"]})),
        FakeServer(description=said(group_input=GROUP | {"settings": {"rank": float("nan")}})),
        FakeServer(description=said(dataset="../../etc")),
        FakeServer(description=said(dataset="/etc")),
        FakeServer(description=said(method="x" * 10**6)),
        FakeServer(description=said(method="two\nlines")),
        FakeServer(description=said(target="")),
    ],
    ids=range(58),
)  # fmt: skip
def test_a_lie_is_one_line_at_once(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    place = tmp_path / "one" / "two"
    place.mkdir(parents=True)
    monkeypatch.chdir(place)
    began = time.monotonic()
    with serving(server) as endpoint:
        line = failure(capsys, 3, endpoint)
    assert time.monotonic() - began < 5
    assert "no such folder" not in line  # no data are looked for
    assert line.isprintable()
    assert len(line) < 1000
    assert server.asked == []
    assert list(tmp_path.rglob("*")) == [tmp_path / "one", place]


def test_a_name_on_the_command_line_leads_nowhere_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with serving(FakeServer()) as endpoint:
        assert "cannot name a folder" in failure(capsys, 3, endpoint, "--model", "../m")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "call",
    ["ServerReady", "RepositoryIndex", "ModelConfig", "ModelReady", "ServerMetadata",
     "ModelMetadata", "ModelStatistics", "ModelInfer"],
)  # fmt: skip
def test_every_call_has_a_deadline(
    call: str, split_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for place in ("endpoint.DEADLINE", "grpc_server.DEADLINE", "probes.TIMEOUT"):
        monkeypatch.setattr(f"audit.client.{place}", 0.3)
    began = time.monotonic()
    with serving(FakeServer(hangs_in=call, description=with_probes(SPEC).to_json())) as endpoint:
        line = failure(capsys, 3, endpoint, "--data", split_root, "--out", tmp_path / "run")
    assert time.monotonic() - began < 5
    assert re.search("took too long to answer|nothing answers at .* in time", line), line
    assert "--resume" not in line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("batch", [0, 1, 7, 2**31 - 1])
def test_a_sound_model_behind_odd_facts_is_audited(
    batch: int, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = FakeServer(
        batch=batch, kind=99, server="\x1b[31m[bold]fake\n", description=with_probes(SPEC).to_json()
    )
    with serving(server) as endpoint:
        assert audit(endpoint, "--data", split_root, "--out", tmp_path / "run", *QUICK) == 0
    printed = capsys.readouterr().out
    assert "answered by [31m[bold]fake 1 (" in printed
    assert "\x1b[31m" not in printed


def test_an_answer_larger_than_its_shape_is_not_received(
    split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(FakeServer(answer_bytes=2 * 2**20)) as endpoint:
        line = failure(capsys, 3, endpoint, "--data", split_root, "--out", tmp_path / "run")
    assert "sent more than its description allows" in line


@pytest.mark.further
def test_where_a_count_falls_the_model_is_proved_again(
    split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Restarted(FakeServer):
        """Forgets what it has answered at its twentieth answer."""

        def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
            self.answered = 0 if len(self.asked) == 20 else self.answered
            return super().ModelInfer(request, context)

    with serving(Restarted()) as endpoint:
        flags = ("--data", split_root, "--out", tmp_path / "run", "--replicates", 100)
        assert audit(endpoint, *flags, "--worst", 0) == 0
    assert "the model was loaded again, or its server restarted" in capsys.readouterr().out
    document = json.loads((tmp_path / "run" / "report" / "report.json").read_text())
    assert document["provenance"]["delivery"]["restarts"] == 1


def test_a_description_with_everything_at_its_limit_is_read() -> None:
    probes = with_probes(SPEC).probes
    assert probes is not None
    spec = replace(SPEC, parity={"é": 0.0}, probes=replace(probes, tolerance=0.1))
    assert ModelSpec.from_json(spec.to_json(), "m") == spec
