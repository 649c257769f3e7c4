"""Tensors in JSON and behind it: what is sent, and what is refused of a reply."""

import json
from typing import Any

import numpy as np
import pytest

from audit.client.failures import TooManyNumbersError, WrongModelError
from audit.client.rest_call import Reply
from audit.client.rest_tensors import body_of, outputs_in
from audit.client.transport import Request
from audit.client.wire import array_of
from fairness.arrays import Array
from fairness.errors import ServerError

IMAGES = np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 7
REQUEST = Request("m", "", {"x": IMAGES}, "y", 1.0, by_row=frozenset({"x"}))


def answered(head: str | bytes, tail: bytes = b"", binary: bool = False) -> Array:
    """What is read of a reply to two images."""
    raw = head.encode() if isinstance(head, str) else head
    found = outputs_in(Reply(200, raw + tail, len(raw) if binary else None), REQUEST, {})
    return array_of(found, "y", "FP32", "m")


def said(**output: Any) -> dict[str, Any]:
    whole = {"name": "y", "datatype": "FP32", "shape": [2, 1], "data": [0.25, 0.5], **output}
    return {"model_name": "m", "outputs": [{k: v for k, v in whole.items() if v is not None}]}


def test_numbers_go_and_come_without_a_loss() -> None:
    body, headers = body_of(REQUEST, binary=False)
    (sent,) = json.loads(body)["inputs"]
    assert headers == {"Content-Type": "application/json"}
    assert (sent["name"], sent["datatype"], sent["shape"]) == ("x", "FP32", [2, 3, 4])
    assert np.array(sent["data"], np.float32).tobytes() == IMAGES.tobytes()
    values = np.array([[1 / 3], [np.nextafter(np.float32(0.1), np.float32(1))]], np.float32)
    found = answered(json.dumps(said(data=[float(v) for v in values.ravel()])))
    assert found.tobytes() == values.tobytes()


def test_bytes_go_behind_the_json() -> None:
    view = IMAGES.transpose(0, 2, 1)  # not contiguous
    body, headers = body_of(Request("m", "", {"x": view}, "y", 1.0), binary=True)
    end = int(headers["Inference-Header-Content-Length"])
    document = json.loads(body[:end])
    assert document["inputs"][0]["parameters"] == {"binary_data_size": 96}
    assert document["outputs"] == [{"name": "y", "parameters": {"binary_data": True}}]
    np.testing.assert_array_equal(np.frombuffer(body[end:], np.float32).reshape(2, 4, 3), view)


def test_the_bytes_of_each_output_are_its_own() -> None:
    raw = np.array([0.25, 0.5], np.float32).tobytes()
    document = said(data=None, parameters={"binary_data_size": 8})
    other = {"name": "z", "datatype": "FP32", "shape": [1], "parameters": {"binary_data_size": 4}}
    written = {"name": "w", "datatype": "INT8", "shape": [1], "data": [1]}
    document["outputs"] = [other, written, *document["outputs"]]
    np.testing.assert_array_equal(
        answered(json.dumps(document), b"abcd" + raw, binary=True), [[0.25], [0.5]]
    )


@pytest.mark.parametrize("data", [[[0.25], [0.5]], [[[0.25], [0.5]]]])
def test_numbers_may_come_in_rows(data: list[Any]) -> None:
    np.testing.assert_array_equal(answered(json.dumps(said(data=data))), [[0.25], [0.5]])


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (json.dumps(said(data=[0.5, float("nan")])), "NaN is no number of JSON"),
        (json.dumps(said(data=[0.5, float("-inf")])), "-Infinity is no number of JSON"),
        (json.dumps(said(data=["HERE", 0.5])).replace('"HERE"', "1e999"), "1e999 is too large"),
        (json.dumps(said(data=["HERE", 0.5])).replace('"HERE"', "9" * 5000), "40 digits"),
        (json.dumps(said(data=[None, 0.5])), "holds what is no FP32"),
        (json.dumps(said(data=["0.5", 0.5])), "holds what is no FP32"),
        (json.dumps(said(data=[True, 0.5])), "holds what is no FP32"),
        (json.dumps(said(data=[[0.5], 0.5])), "holds what is no FP32"),
        (json.dumps(said(data=[[[[[[[0.5]]]]]], 0.5])), "holds what is no FP32"),
        (json.dumps(said(data={"0": 0.5})), "outputs.0.data"),
        (json.dumps(said(data=[0.5])), "came as 4 bytes of FP32"),
        (json.dumps(said(data=[])), "came as 0 bytes of FP32"),
        (json.dumps(said(data=["x"], datatype="BYTES")), "of BYTES"),
        (json.dumps(said(data=[0.5], shape=[-1, -1])), "came as 4 bytes"),
        (json.dumps(said(data=[0.5], shape=[1] * 99)), "outputs.0.shape"),
        (json.dumps(said(data=[0.5], shape=[10**30])), "came as 4 bytes"),
        (json.dumps(said(name="z")), "without its output 'y'"),
        (json.dumps(said(data=None)), "came as 0 bytes"),
        (json.dumps(said(data=None, parameters={"binary_data_size": -8})), "came as 0 bytes"),
        (json.dumps(said(data=None, parameters={"binary_data_size": "8"})), "came as 0 bytes"),
        (json.dumps(said(data=None, parameters={"binary_data_size": 2**40})), "came as 0 bytes"),
        (json.dumps({"model_name": "m"}), "outputs: Field required"),
        (json.dumps([1, 2]), "no object of JSON"),
        ("<html>", "no JSON of the protocol"),
        ("[" * 100_000, "nested too deeply"),
        (b"\xff\xfe\xff", "no JSON of the protocol"),
        ("", "no JSON of the protocol"),
    ],
)
def test_a_reply_that_is_none_is_refused(head: str | bytes, message: str) -> None:
    with pytest.raises(ServerError, match=message):
        answered(head)


@pytest.mark.parametrize("tail", [b"", b"1234567", b"12345678"])
def test_a_tensor_that_ends_early_is_refused(tail: bytes) -> None:
    document = json.dumps(said(data=None, parameters={"binary_data_size": 8}))
    if len(tail) == 8:
        document = document.replace(": 8}", ": 4}")
    with pytest.raises(ServerError, match="bytes of FP32 for shape"):
        answered(document, tail, binary=True)


@pytest.mark.parametrize(
    ("asked", "model", "version"),
    [("", "n", None), ("3", "m", None), ("3", "m", "4"), ("old", "m", "new")],
)
def test_the_answer_of_another_is_refused(asked: str, model: str, version: str | None) -> None:
    document = {**said(), "model_name": model, "model_version": version}
    reply = Reply(200, json.dumps(document).encode(), None)
    with pytest.raises(WrongModelError, match="was asked"):
        outputs_in(reply, Request("m", asked, {}, "y", 1.0), {})


def test_json_holds_no_half_precision_and_not_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    half = Request("m", "", {"x": IMAGES.astype(np.float16)}, "y", 1.0)
    with pytest.raises(ServerError, match="takes FP16, which JSON cannot hold"):
        body_of(half, binary=False)
    assert body_of(half, binary=True)[0].endswith(half.inputs["x"].tobytes())
    monkeypatch.setattr("audit.client.rest_tensors.MOST_NUMBERS", 23)
    with pytest.raises(TooManyNumbersError):
        body_of(REQUEST, binary=False)
    assert body_of(REQUEST.part(0, 1), binary=False)
