"""Batches in flight: order, silence, death, refusal, cancellation; without a server."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from fake_transport import FakeTransport, mean_grey
from served import SPEC
from served_by_group import GROUP_SPEC

from audit.client.endpoint import ServedModel
from audit.client.predictor import ServedPredictor
from audit.client.transport import Request
from audit.client.window import fixed
from audit.client.wire import Output
from fairness.contract import ModelSpec
from fairness.errors import DataError, ServerError
from fairness.group_input import RECORDED, WITHHELD
from fairness.samples import Batch, Sample, stack


def batch(number: int, size: int = 2) -> Batch:
    return stack(
        [
            Sample(f"s{number}{i}", np.full((3, 4), 10 * number + i, np.uint8), 0, {"race": i - 1})
            for i in range(size)
        ]
    )


def predictor(
    transport: FakeTransport, spec: ModelSpec = SPEC, in_flight: int = 2, timeout: float = 5.0
) -> ServedPredictor:
    model = ServedModel("m", "1", spec, batch_size=2, device="CPU", server="fake 1")
    return ServedPredictor(transport, "fake:1", model, fixed(in_flight), timeout)


def test_every_batch_comes_back_with_its_own_answer() -> None:
    sent = [batch(n) for n in range(5)]
    for one, answers in predictor(FakeTransport())(sent):
        expected = one.images.mean(axis=(1, 2), dtype=np.float32)[:, None] / 255
        np.testing.assert_array_equal(answers[RECORDED], expected)


def test_late_and_reordered_answers_stay_with_their_batches() -> None:
    transport = FakeTransport(at_once=None)
    stream = predictor(transport, in_flight=3)(batch(n) for n in range(3))
    threading.Timer(0.05, transport.answer, (2, 0, 1)).start()
    found = list(stream)
    assert [one.ids[0] for one, _ in found] == ["s20", "s00", "s10"]
    for one, answers in found:
        assert answers[RECORDED][0, 0] == pytest.approx(one.images[0].mean() / 255)


def test_never_more_than_in_flight_wait_and_reading_goes_on_meanwhile() -> None:
    transport = FakeTransport(at_once=None)
    read: list[int] = []

    def stream() -> Iterator[Batch]:
        for number in range(6):
            read.append(number)
            waiting = sum(not future.done() for _, future in transport.sent)
            assert waiting < 2
            if waiting:  # answer the older one only now that the next batch is being read
                transport.answer(number - 1)
            yield batch(number)

    found = predictor(transport, in_flight=2)(stream())
    threading.Timer(0.3, transport.answer, (5,)).start()
    assert len(list(found)) == 6
    assert read == list(range(6))


def test_silence_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.client.predictor.GRACE", 0.0)
    transport = FakeTransport(at_once=None)
    with pytest.raises(ServerError, match="fake:1 fell silent: no answer in"):
        list(predictor(transport, timeout=0.05)([batch(0), batch(1)]))
    assert all(future.cancelled() for _, future in transport.sent)


def test_death_of_the_backend_ends_the_run_and_cancels_the_rest() -> None:
    transport = FakeTransport(at_once=None)
    stream = predictor(transport, in_flight=3)(batch(n) for n in range(3))
    dead = ServerError("the backend process of model 'm' at fake:1 has died")
    threading.Timer(0.05, lambda: transport.sent[1][1].set_exception(dead)).start()
    with pytest.raises(ServerError, match="has died"):
        list(stream)
    assert [future.cancelled() for _, future in transport.sent] == [True, False, True]


def test_who_stops_listening_cancels_what_is_under_way() -> None:
    transport = FakeTransport(at_once=None)
    stream = predictor(transport, in_flight=2)(batch(n) for n in range(9))
    threading.Timer(0.05, transport.answer, (0,)).start()
    next(stream)
    stream.close()  # type: ignore[attr-defined]  # a generator
    assert [future.cancelled() for _, future in transport.sent] == [False, True]


def test_a_refused_request_ends_the_run() -> None:
    transport = FakeTransport(refused=ServerError("model 'm' at fake:1 refused: no such input"))
    with pytest.raises(ServerError, match="refused: no such input"):
        list(predictor(transport)([batch(0)]))


def test_images_that_the_model_does_not_take_name_their_samples_and_are_not_sent() -> None:
    transport = FakeTransport()
    with pytest.raises(DataError, match=r"samples s00..s01: images of shape \(3, 4\), where"):
        list(predictor(transport, replace(SPEC, image_shape=(8, 8)))([batch(0)]))
    assert transport.sent == []


def test_an_answer_of_the_wrong_length_is_refused() -> None:
    def half(request: Request) -> list[Output]:
        (output,) = mean_grey(request)
        return [replace(output, raw=output.raw[:4])]

    with pytest.raises(ServerError, match="came as 4 bytes of FP32"):
        list(predictor(FakeTransport(at_once=half))([batch(0)]))


def test_a_model_that_takes_the_group_is_asked_once_a_way() -> None:
    transport = FakeTransport()
    ((one, answers),) = predictor(transport, GROUP_SPEC)([batch(0)])
    assert list(answers) == [RECORDED, WITHHELD, "as Asian", "as Black", "as White"]
    groups = [request.inputs["group"].ravel().tolist() for request, _ in transport.sent]
    assert groups == [[-1, 0], [-1, -1], [0, 0], [1, 1], [2, 2]]
    assert one.ids == ("s00", "s01")
