"""A REST server of the protocol that answers as a test tells it to."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from fairness.arrays import Array

Said = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""


def in_json(document: object, status: int = 200) -> Said:
    return status, {}, json.dumps(document).encode()


@dataclass
class FakeRest:
    """One mean grey model over REST; `infer` makes its answer from the images."""

    extensions: tuple[str, ...] = ()
    answers: dict[str, Said] = field(default_factory=dict)
    """In place of its own, by the end of the path."""
    infer: Callable[[Array], Said] | None = None
    receives: int = 2**62
    """Bytes of the largest request."""
    sizes: list[int] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    token: str = ""
    """That every call must carry, if there is one."""
    trickles: bool = False
    """Whether the bytes of an inference come one in a while."""

    def said_of(self, path: str, body: bytes, head: str | None) -> Said:
        for end, answer in self.answers.items():
            if path.endswith(end):
                return answer
        if path.endswith("/infer"):
            return self.inferred(body, head)
        known: dict[str, object] = {
            "/v2/health/ready": {},
            "/v2": {"name": "rest", "version": "2", "extensions": self.extensions},
            "/v2/models/m/ready": {},
            "/v2/models/m": {
                "name": "m", "versions": None, "platform": "",
                "inputs": [{"name": "image", "datatype": "UINT8", "shape": [-1, -1, -1]}],
                "outputs": [{"name": "probability", "datatype": "FP32", "shape": [-1, 1]}],
            },
        }  # fmt: skip
        return in_json(known[path]) if path in known else in_json({"error": "no such path"}, 404)

    def inferred(self, body: bytes, head: str | None) -> Said:
        if len(body) > self.receives:
            return 413, {}, b"too large"
        end = int(head) if head else len(body)
        (said,) = json.loads(body[:end])["inputs"]
        raw = np.array(said["data"], np.uint8) if "data" in said else body[end:]
        images = np.frombuffer(raw, np.uint8).reshape(said["shape"])
        self.sizes.append(len(images))
        if self.infer is not None:
            return self.infer(images)
        return numbers(images) if head is None else binary(images)


def means_of(images: Array) -> Array:
    found: Array = (images.mean(axis=(1, 2), dtype=np.float32) / 255).astype(np.float32)
    return found


def reply(images: Array, model: str = "m", **output: Any) -> dict[str, Any]:
    said = {"name": "probability", "datatype": "FP32", "shape": [len(images), 1], **output}
    return {"model_name": model, "model_version": None, "outputs": [said]}


def numbers(images: Array) -> Said:
    return in_json(reply(images, data=means_of(images).tolist()))


def binary(images: Array, told: int | None = None) -> Said:
    raw = means_of(images).tobytes()
    size = len(raw) if told is None else told
    head = json.dumps(reply(images, parameters={"binary_data_size": size})).encode()
    return 200, {"Inference-Header-Content-Length": str(len(head))}, head + raw


@contextmanager
def rest_serving(fake: FakeRest, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The address at which it answers, with `http://`, or `https://` where it speaks TLS."""
    stopped = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fake.paths.append(self.path)
            head = self.headers.get("Inference-Header-Content-Length")
            sent = self.headers.get("authorization", "")
            status, headers, content = fake.said_of(self.path, body, head)
            if sent != fake.token:
                status, headers, content = in_json({"error": f"no entry with '{sent}'"}, 401)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(content))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            if fake.trickles and self.path.endswith("/infer"):
                for byte in content:
                    self.wfile.write(bytes([byte]))
                    if stopped.wait(0.1):
                        return
            self.wfile.write(content)

        do_GET = do_POST = answer  # noqa: N815, the names that http.server calls

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            with suppress(OSError, ValueError):  # whoever asked has gone, maybe in mid-request
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
