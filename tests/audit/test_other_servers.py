"""Servers of the protocol that offer its core alone: a fake one that lacks what Triton has more."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from fair_audit_runs import audit, failure
from fake_server import FakeServer, serving
from PIL import Image as Pillow
from tritonclient.grpc import service_pb2 as pb

from audit.client.grpc_server import outputs_of
from audit.client.transport import Request
from audit.client.typed import packed
from fairness.errors import ServerError

DESCRIPTION = """
task: classification
target: finding
threshold: 0.5
input: {name: image, layout: NHW}
output: {name: probability, holds: probability}
"""
EXTENSIONS = ("ModelConfig", "RepositoryIndex", "ModelStatistics")
SIDE = 24
"""Of a picture."""
UNSTATED = "not stated by the server"


def core_server(**changes: Any) -> FakeServer:
    """Core calls only, no versions, no self-description."""
    said: dict[str, Any] = {"versions": (), "lacks": EXTENSIONS, "server": "plain"}
    return FakeServer(**(said | changes))


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, float]]:
    """A table of small pictures, and what the fake server answers: the mean grey of each."""
    folder = tmp_path_factory.mktemp("people")
    rng = np.random.default_rng(2)
    found, rows = {}, ["file,finding,sex"]
    for number in range(90):
        pixels = rng.integers(0, 256, (SIDE, SIDE)).astype(np.uint8) // (1 + number % 4)
        Pillow.fromarray(pixels).save(folder / f"p{number}.png")
        rows.append(f"p{number}.png,{number % 2},{'FM'[number // 2 % 2]}")
        found[f"p{number}.png"] = float(pixels.mean()) / 255
    (folder / "people.csv").write_text("\n".join(rows))
    return folder / "people.csv", found


@pytest.fixture
def flags(people: tuple[Path, dict[str, float]], tmp_path: Path) -> tuple[object, ...]:
    (tmp_path / "model.yaml").write_text(DESCRIPTION)
    described = ("--model", "m", "--spec", tmp_path / "model.yaml")
    data = ("--data", people[0], "--attributes", "sex")
    return (*described, *data, "--out", tmp_path / "run", "--replicates", 100)


def scores(out: Path) -> dict[str, float]:
    rows = pq.read_table(out / "records" / "outcomes.parquet").to_pydict()
    return dict(zip(rows["id"], rows["score"], strict=True))


def provenance(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "report" / "report.json").read_text())["provenance"]
    return found


@pytest.mark.parametrize("typed", [False, True], ids=["raw bytes", "numbers"])
def test_a_server_of_the_core_calls_alone_is_audited(
    typed: bool, flags: tuple[object, ...], tmp_path: Path, people: tuple[Path, dict[str, float]]
) -> None:
    server = core_server(typed=typed)
    with serving(server) as endpoint:
        assert audit(endpoint, *flags) == 0
    assert scores(tmp_path / "run") == pytest.approx(people[1], abs=1e-6)
    about = provenance(tmp_path / "run")
    assert about["server"]["name"] == "plain 1"
    assert about["server"]["device"] == UNSTATED
    assert about["model"]["version"] is None
    assert f"m version {UNSTATED}" in about["what_answered"]
    assert (
        "had this version been replaced meanwhile, nothing would show it" in about["what_answered"]
    )
    assert sorted(server.sizes) == [26, 32, 32]


@pytest.mark.parametrize(
    ("versions", "answers_as", "asked", "found"),
    [
        ((), ("m", ""), (), None),
        ((), ("m", "v1.0-rc"), (), None),
        (("v1.0-rc",), None, (), "v1.0-rc"),
        (("v1.0-rc",), ("m", ""), (), "v1.0-rc"),
        (("first", "second"), None, ("--version", "second"), "second"),
        (("9", "10"), None, (), "10"),
        (("9", "10"), None, ("--version", "9"), "9"),
    ],
)
def test_versions_are_numbers_words_or_absent(
    versions: tuple[str, ...], answers_as: tuple[str, str] | None, asked: tuple[str, ...],
    found: str | None, flags: tuple[object, ...], tmp_path: Path,
) -> None:  # fmt: skip
    with serving(core_server(versions=versions, answers_as=answers_as)) as endpoint:
        assert audit(endpoint, *flags, *asked) == 0
    assert provenance(tmp_path / "run")["model"]["version"] == found


@pytest.mark.parametrize(
    ("versions", "answers_as", "message"),
    [
        ((), ("n", ""), "'m' version of the server was asked, 'n' version '' answered"),
        (("3",), ("m", ""), "'m' version 3 was asked, 'm' version '' answered"),
        (("3",), ("m", "4"), "'m' version 3 was asked, 'm' version '4' answered"),
        (("old",), ("m", "new"), "'m' version old was asked, 'm' version 'new' answered"),
        (("old", "new"), None, "has the versions old, new, of which none is the newest; name one"),
        (("old", "3"), None, "name one with --version"),
    ],
)
def test_another_model_or_version_is_refused(
    versions: tuple[str, ...], answers_as: tuple[str, str] | None, message: str,
    flags: tuple[object, ...], capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with serving(core_server(versions=versions, answers_as=answers_as)) as endpoint:
        assert message in failure(capsys, 3, endpoint, *flags)


def test_answers_of_two_versions_end_a_run_for_good(
    flags: tuple[object, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Canary(FakeServer):
        """A new version answers its third request."""

        def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
            self.answers_as = ("m", "new" if len(self.asked) == 2 else "old")
            return super().ModelInfer(request, context)

    with serving(Canary(versions=(), lacks=EXTENSIONS)) as endpoint:
        line = failure(capsys, 3, endpoint, *flags, "--in-flight", 1)
        assert "model 'm' answered as version 'old', then as 'new'" in line
        assert "was replaced while it answered" in failure(capsys, 2, endpoint, *flags, "--resume")


@pytest.mark.parametrize("layout", ["NHW", "HW"])
def test_a_server_that_names_no_tensors_is_audited_by_the_description_alone(
    layout: str, flags: tuple[object, ...], tmp_path: Path,
    people: tuple[Path, dict[str, float]], capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    server = core_server(names_tensors=False)
    with serving(server) as endpoint:
        line = failure(capsys, 2, endpoint, *flags)
        text = DESCRIPTION.replace("layout: NHW", f"layout: {layout}, dtype: uint8")
        (tmp_path / "model.yaml").write_text(text)
        assert audit(endpoint, *flags) == 0
    assert max(server.sizes) == (32 if layout == "NHW" else 1)
    assert "line 5, input: the server does not say what model 'm' takes; add dtype" in line
    assert scores(tmp_path / "run") == pytest.approx(people[1], abs=1e-6)


def test_without_a_list_of_models_one_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(core_server()) as endpoint:
        line = failure(capsys, 3, endpoint)
        assert "does not list its models; name one with --model" in line
        assert "--version 2 is of one model" in failure(capsys, 2, endpoint, "--version", "2")


def test_without_a_configuration_a_model_needs_a_description(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serving(core_server()) as endpoint:
        assert "--spec model.yaml" in failure(capsys, 3, endpoint, "--model", "m")


def test_batches_that_a_server_does_not_receive_are_halved_once_and_for_all(
    flags: tuple[object, ...], tmp_path: Path, people: tuple[Path, dict[str, float]],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    server = core_server(receives=9 * SIDE**2 + 300)
    with serving(server) as endpoint:
        assert audit(endpoint, *flags) == 0
    assert scores(tmp_path / "run") == pytest.approx(people[1], abs=1e-6)
    assert max(server.sizes) == 8
    assert sum(server.sizes) == len(people[1])
    notes = [line for line in capsys.readouterr().out.splitlines() if "in parts" in line]
    assert notes == [
        "note: whole batches are more than the server takes; they are sent in parts of 8 images"
    ]


def test_an_image_that_a_server_does_not_receive_ends_the_run(
    flags: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    server = core_server(receives=500)
    with serving(server) as endpoint:
        line = failure(capsys, 3, endpoint, *flags)
    assert "receives no request of that size for model 'm'" in line
    assert "raise its limit" in line
    assert server.sizes == []


def test_a_run_in_parts_is_continued_with_the_same_batches(
    flags: tuple[object, ...], tmp_path: Path, people: tuple[Path, dict[str, float]]
) -> None:
    with serving(core_server(receives=9 * SIDE**2 + 300)) as endpoint:
        assert audit(endpoint, *flags) == 0
    with serving(core_server()) as endpoint:
        assert audit(endpoint, *flags, "--resume") == 0
    assert scores(tmp_path / "run") == pytest.approx(people[1], abs=1e-6)


@pytest.mark.parametrize(
    ("datatype", "field", "numbers", "expected"),
    [
        ("FP32", "fp32_contents", [0.5, -1.0], np.array([0.5, -1.0], np.float32)),
        ("FP64", "fp64_contents", [0.1, 2.0], np.array([0.1, 2.0])),
        ("UINT8", "uint_contents", [0, 255], np.array([0, 255], np.uint8)),
        ("INT8", "int_contents", [-128, 127], np.array([-128, 127], np.int8)),
        ("INT64", "int64_contents", [-(2**63), 7], np.array([-(2**63), 7])),
    ],
)
def test_numbers_of_an_answer_become_the_bytes_of_their_type(
    datatype: str, field: str, numbers: list[float], expected: Any
) -> None:
    response = pb.ModelInferResponse(model_name="m", model_version="")
    response.outputs.add(name="other", datatype="BYTES", shape=[1])
    output = response.outputs.add(name="y", datatype=datatype, shape=[2])
    getattr(output.contents, field).extend(numbers)
    (found,) = outputs_of(response, Request("m", "", {}, "y", 1.0), {})
    assert found.raw == expected.tobytes()


@pytest.mark.parametrize(
    ("datatype", "numbers"),
    [("UINT8", [256]), ("UINT8", [-1]), ("INT8", [1.0]), ("FP32", [None]), ("FP32", ["1.0"]),
     ("FP32", [True]), ("INT64", [2**63])],
)  # fmt: skip
def test_numbers_that_do_not_fit_their_type_are_refused(datatype: str, numbers: list[Any]) -> None:
    with pytest.raises(ServerError, match=f"output 'y' holds what is no {datatype}"):
        packed(numbers, datatype, "y", "m")


def test_half_precision_has_no_numbers() -> None:
    response = pb.ModelInferResponse(model_name="m", model_version="")
    response.outputs.add(name="y", datatype="FP16", shape=[2])
    with pytest.raises(ServerError, match="came without raw bytes, and FP16 has no other form"):
        outputs_of(response, Request("m", "", {}, "y", 1.0), {})
