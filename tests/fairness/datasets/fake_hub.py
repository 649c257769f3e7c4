"""A Hugging Face Hub on loopback for the tests of fetching: one data set, open, closed or broken.

It answers what `huggingface_hub` asks of the real one: the commit of a revision, the list of its
files, and each file, with the headers that name its commit and hash.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What it holds and how it behaves; tests change it while it runs."""

    root: Path
    repository: str
    gated: bool = False
    breaks_at: str = ""
    """Of this file half the bytes are sent, then the line is cut."""
    claimed: dict[str, int] = field(default_factory=dict)
    """Names in the list of files with sizes, beside or in place of those that are there."""
    asked: list[str] = field(default_factory=list)
    endpoint: str = ""

    def listing(self) -> list[dict[str, object]]:
        files = [p for p in sorted(self.root.rglob("*")) if p.is_file()]
        contents = {p.relative_to(self.root).as_posix(): p.read_bytes() for p in files}
        contents = {**dict.fromkeys(self.claimed, b""), **contents}
        return [self._entry(name, content) for name, content in contents.items()]

    def _entry(self, name: str, content: bytes) -> dict[str, object]:
        size = self.claimed.get(name, len(content))
        lfs = {"oid": hashlib.sha256(content).hexdigest(), "size": size, "pointerSize": 130}
        return {"type": "file", "oid": "0" * 40, "size": size, "path": name, "lfs": lfs}


def answer(hub: Hub, request: BaseHTTPRequestHandler, body: bool) -> None:
    path = request.path.split("?")[0]
    hub.asked.append(path)
    api, files = f"/api/datasets/{hub.repository}", f"/datasets/{hub.repository}/resolve/{COMMIT}/"
    if path.startswith(f"{api}/revision/"):
        send(request, json.dumps({"id": hub.repository, "sha": COMMIT, "siblings": []}).encode())
    elif path == f"{api}/tree/{COMMIT}":
        send(request, json.dumps(hub.listing()).encode())
    elif path.startswith(files) and hub.gated:
        request.send_response(403)
        request.send_header("X-Error-Code", "GatedRepo")
        request.send_header("X-Error-Message", "Access to this data set is restricted.")
        request.send_header("Content-Length", "0")
        request.end_headers()
    elif path.startswith(files):
        name = path.removeprefix(files)
        send_file(hub, request, name, (hub.root / name).read_bytes(), body)
    else:
        request.send_response(401)
        request.send_header("X-Error-Code", "RepoNotFound")
        request.send_header("Content-Length", "0")
        request.end_headers()


def send(request: BaseHTTPRequestHandler, content: bytes) -> None:
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content)


def send_file(
    hub: Hub, request: BaseHTTPRequestHandler, name: str, content: bytes, body: bool
) -> None:
    start = int(request.headers.get("Range", "bytes=0-").split("=")[1].split("-")[0])
    request.send_response(206 if start else 200)
    request.send_header("X-Repo-Commit", COMMIT)
    request.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
    request.send_header("Content-Length", str(len(content) - start))
    request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
    request.end_headers()
    if body and name == hub.breaks_at:
        request.wfile.write(content[start : start + (len(content) - start) // 2])
        request.close_connection = True
    elif body:
        request.wfile.write(content[start:])


@contextmanager
def running_hub(root: Path, repository: str) -> Iterator[Hub]:
    hub = Hub(root, repository)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer(hub, self, body=True)

        def do_HEAD(self) -> None:
            answer(hub, self, body=False)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
