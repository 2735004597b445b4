"""A hub on loopback: enough of its protocol for `huggingface_hub` to describe a repository and fetch its files."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 10_000
"""Files from this size on are stored as the hub stores large ones, and known by their SHA-256."""


@dataclass
class Hub:
    """repositories: OWNER/NAME -> files.  break_after: bytes of one answer's body after which the connection breaks and
    the hub is down (`outage`).  damage: files that are sent with a wrong byte.  requests: (method, path, Range
    or "") as they came.  authorizations: what they said about who asks, "" for nothing."""

    repositories: dict[str, dict[str, bytes]]
    url: str = ""
    break_after: int | None = None
    outage: bool = False
    damage: set[str] = field(default_factory=set)
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    authorizations: set[str] = field(default_factory=set)

    def ranges(self, name: str) -> list[str]:
        """What was asked of a file, in order; "" for all of it."""
        return [part for method, path, part in self.requests if method == "GET" and path.endswith(f"/{name}")]


@contextmanager
def serve(repositories: dict[str, dict[str, bytes]]) -> Iterator[Hub]:
    """A running hub."""
    hub = Hub(repositories)

    class Handler(_Handler):
        imitated = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    imitated: Hub

    def log_message(self, *_: Any) -> None:
        """Nothing: tests read the terminal."""

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, with_body: bool) -> None:
        path = unquote(urlsplit(self.path).path).strip("/")
        self.imitated.requests.append((self.command, path, self.headers.get("Range", "")))
        self.imitated.authorizations.add(self.headers.get("Authorization", ""))
        parts = path.split("/")
        if self.imitated.outage:
            self._send(503, b"", {})
        elif parts[:2] == ["api", "models"]:
            self._describe("/".join(parts[2:4]))
        elif len(parts) > 4 and parts[2] == "resolve":
            self._file("/".join(parts[:2]), "/".join(parts[4:]), with_body)
        else:
            self._send(404, b"", {})

    def _describe(self, name: str) -> None:
        files = self.imitated.repositories.get(name)
        if files is None:
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
            return
        siblings = [{"rfilename": file, "size": len(data), **_identity(data)} for file, data in files.items()]
        body = json.dumps({"id": name, "modelId": name, "sha": COMMIT, "siblings": siblings, "tags": []}).encode()
        self._send(200, body, {"Content-Type": "application/json"})

    def _file(self, repository: str, name: str, with_body: bool) -> None:
        data = self.imitated.repositories[repository][name]
        etag = _identity(data).get("lfs", {}).get("sha256") or _identity(data)["blobId"]
        if name in self.imitated.damage:
            data = bytes([data[0] ^ 1]) + data[1:]
        total, start = len(data), 0
        if wanted := self.headers.get("Range"):
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        if start:
            headers["Content-Range"] = f"bytes {start}-{total - 1}/{total}"
        self._send(206 if start else 200, data[start:], headers, with_body)

    def _send(self, status: int, body: bytes, headers: dict[str, str], with_body: bool = True) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        limit = self.imitated.break_after
        if not with_body:
            return
        if limit is not None and len(body) > limit:
            self.imitated.outage = True
            self.wfile.write(body[:limit])
            self.close_connection = True
        else:
            self.wfile.write(body)


def _identity(data: bytes) -> dict[str, Any]:
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    if len(data) < LARGE:
        return {"blobId": blob}
    return {"blobId": blob, "lfs": {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}}
