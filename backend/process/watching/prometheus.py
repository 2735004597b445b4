"""Figures for Prometheus: its text format, served on a port of this machine."""

import http.server
import threading
from collections.abc import Callable

from ....retarget.errors import MotionGPTError
from .figures import Figures, Times

LOOPBACK = "127.0.0.1"
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(figures: Figures, waiting: int, running: bool, model: str, device: str) -> str:
    """The text format, version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats)."""
    lines: list[str] = []

    def add(name: str, kind: str, what: str, *samples: tuple[str, float]) -> None:
        lines.extend((f"# HELP motiongpt_{name} {what}", f"# TYPE motiongpt_{name} {kind}"))
        lines.extend(f"motiongpt_{name}{labels} {value:g}" for labels, value in samples)

    add("info", "gauge", "The model that is loaded.", (_labels(model=model, device=device), 1))
    add("uptime_seconds", "gauge", "Since the start of the process.", ("", figures.uptime))
    add("memory_bytes", "gauge", "Memory of the process.", ("", figures.memory))
    add("requests_waiting", "gauge", "Requests in the queue.", ("", waiting))
    add("busy", "gauge", "Whether a request is running.", ("", running))
    outcomes = ("answered", "failed", "cancelled", "refused")
    add("requests_total", "counter", "Requests by how they ended.",
        *((_labels(outcome=name), getattr(figures, name)) for name in outcomes))  # fmt: skip
    add("requests_batched_total", "counter", "Requests answered in a batch with others.", ("", figures.together))
    add("errors_total", "counter", "Errors by their kind.",
        *((_labels(kind=kind), count) for kind, count in sorted(figures.errors.items())))  # fmt: skip
    for name, times in (("wait", figures.waited), ("latency", figures.took)):
        what = "Seconds in the queue." if name == "wait" else "Seconds from arrival to the last answer."
        add(f"{name}_seconds", "gauge", f"{what} Of the latest requests.", *_quantiles(times))
    models = sorted(figures.models.items())
    ends = [(_labels(model=name, outcome=how), getattr(one, how)) for name, one in models for how in outcomes[:2]]
    add("model_requests_total", "counter", "Requests by model and by how they ended.", *ends)
    latencies = [sample for name, one in models for sample in _quantiles(one.took, model=name)]
    add("model_latency_seconds", "gauge", "Like latency_seconds, by model.", *latencies)
    return "\n".join(lines) + "\n"


def _quantiles(times: Times, **labels: str) -> list[tuple[str, float]]:
    shares = (("0.5", times.half), ("0.95", times.most), ("0.99", times.nearly_all), ("1", times.longest))
    return [(_labels(**labels, quantile=share), value) for share, value in shares]


def _labels(**values: str) -> str:
    return "{" + ",".join(f'{name}="{value.translate(_ESCAPED)}"' for name, value in values.items()) + "}"


class Exporter:
    """Answers `GET /metrics` on 127.0.0.1 from a thread of its own. text: makes the answer.

    Raises MotionGPTError for a port that can't be listened on.
    """

    def __init__(self, port: int, text: Callable[[], str]) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            timeout = 5

            def do_GET(self) -> None:
                found = self.path.partition("?")[0] in ("/", "/metrics")
                body = text().encode() if found else b"See /metrics.\n"
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", CONTENT_TYPE)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """A request every few seconds is no news."""

        try:
            self._server = http.server.ThreadingHTTPServer((LOOPBACK, port), Handler)
        except (OSError, OverflowError) as error:
            raise MotionGPTError(
                f"The figures can't be served on port {port} ({error}).", "Choose another --metrics-port."
            ) from error
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
