"""A model that reads notes: what it is sent, how it is recognised, and what is refused."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from fake_transport import FakeTransport
from instant_clip_tokenizer import Tokenizer
from served import SPEC

from audit.audited_split import opened_split
from audit.client.endpoint import ServedModel
from audit.client.exchange import tensors_of
from audit.client.failures import WrongModelError
from audit.client.own_tensors import check_tensors
from audit.client.probes import verify
from audit.client.transport import Request
from audit.client.wire import Output
from audit.options import AnalysisOptions, Options
from fairness.clip_tokens import clip_tokens
from fairness.contract import ModelSpec, TextInput
from fairness.errors import DataError, ServerError, UsageError
from fairness.probes import Probes

TEXTS = ("a cup", "no cup at all", "x " * 200)


def answers(texts: tuple[str, ...]) -> list[float]:
    """What the fake model says of texts: their length in tokens, as a share of all."""
    return [float(np.count_nonzero(row)) / 100 for row in clip_tokens(texts)]


def by_length(request: Request) -> list[Output]:
    tokens = request.inputs["tokens"]
    found = (np.count_nonzero(tokens, axis=1)[:, None] / 100).astype(np.float32)
    return [Output("probability", "FP32", found.shape, found.tobytes())]


PROBES = Probes(
    seed=5,
    shapes=((8, 8),) * 3,
    texts=TEXTS,
    expected=tuple((x,) for x in answers(TEXTS)),
    tolerance=1e-5,
)
READER = replace(SPEC, text_input=TextInput(name="tokens", characters=170), probes=PROBES)


def served(spec: ModelSpec) -> ServedModel:
    return ServedModel("m", "1", spec, batch_size=4, device="CPU", server="fake 1")


def test_tokens_of_a_probe_are_clip_s() -> None:
    short, long = clip_tokens(["a cup", "x " * 200])
    start, end = 49406, 49407
    assert short.tolist() == [start, *Tokenizer().encode("a cup"), end, *[0] * 73]
    assert (len(long), long[0], long[-1]) == (77, start, end)


def test_the_probes_of_a_model_that_reads_are_sent_with_their_texts() -> None:
    transport = FakeTransport(at_once=by_length)
    assert verify(transport, "fake:1", served(READER)) == "verified"
    batch = next(request for request, _ in transport.sent if len(request.inputs["image"]) == 4)
    assert batch.by_row == {"image", "tokens"}
    other = replace(PROBES, texts=("a cup", "no", "x " * 200))
    with pytest.raises(WrongModelError, match="its probes differ"):
        verify(transport, "fake:1", served(replace(READER, probes=other)))


def test_a_model_that_reads_is_sent_the_notes_of_the_batch() -> None:
    images, tokens = np.zeros((2, 8, 8), np.uint8), clip_tokens(["a", "b c"])
    sent = tensors_of(served(READER), images, None, {"tokens": tokens})
    assert sent.keys() == {"image", "tokens"}
    assert sent["tokens"] is tokens
    with pytest.raises(DataError, match="reads the note of each image, and there is none"):
        tensors_of(served(READER), images, None, {})


@pytest.mark.parametrize(
    ("probes", "text_input"),
    [
        (replace(PROBES, texts=None), READER.text_input),
        (PROBES, None),
        (replace(PROBES, texts=TEXTS[:2]), READER.text_input),
    ],
)
def test_probe_texts_and_the_input_for_them_go_together(
    probes: Probes, text_input: TextInput | None
) -> None:
    spec = replace(READER, probes=probes, text_input=text_input)
    with pytest.raises(ServerError, match=r"probes that do not fit|probes with texts and no"):
        ModelSpec.from_json(spec.to_json(), "m")
    assert ModelSpec.from_json(READER.to_json(), "m") == READER


def tensor(name: str, datatype: str, shape: list[int]) -> SimpleNamespace:
    return SimpleNamespace(name=name, datatype=datatype, shape=shape)


@pytest.mark.parametrize(
    ("tokens", "said"),
    [([], "no input 'tokens'"), ([tensor("tokens", "INT32", [-1, 77])], "'tokens' is INT32")],
)
def test_a_server_without_the_tokens_of_a_probe_model_is_refused(
    tokens: list[SimpleNamespace], said: str
) -> None:
    image, answer = tensor("image", "UINT8", [-1, -1, -1]), tensor("probability", "FP32", [-1, 1])
    sound = tensor("tokens", "INT64", [-1, 77])
    check_tensors("m", SimpleNamespace(inputs=[image, sound], outputs=[answer]), READER)
    with pytest.raises(ServerError, match=said):
        check_tensors("m", SimpleNamespace(inputs=[image, *tokens], outputs=[answer]), READER)


def test_a_model_of_a_probe_that_reads_needs_a_folder_with_notes() -> None:
    options = Options(analysis=AnalysisOptions())
    with pytest.raises(UsageError, match="reads the note of each image, which only folders"):
        opened_split(options, served(replace(READER, dataset="fairseg")))
