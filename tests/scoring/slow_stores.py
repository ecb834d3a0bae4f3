"""Stores that take their time: an HTTP server on loopback, and one that fsspec reads without an event loop."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from fsspec.implementations.memory import MemoryFileSystem


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # with the default of 5 the kernel makes some of many clients wait a second


class SlowServer:
    """Serves a folder over HTTP; a file comes after `delay` seconds, or once `gate` is open."""

    def __init__(self, folder: Path, delay: float) -> None:
        self.delay = delay
        self.gate = threading.Event()
        self.gate.set()
        self.asked: list[str] = []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.server = _Server(("127.0.0.1", 0), partial(_Handler, self, directory=str(folder)))
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @contextmanager
    def count(self, path: str) -> Iterator[None]:
        with self.lock:
            self.asked.append(path)
            self.at_once += 1
            self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            yield
        finally:
            with self.lock:
                self.at_once -= 1


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, slow: SlowServer, *arguments, **named):
        self.slow = slow
        super().__init__(*arguments, **named)

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path.endswith("/"):
            return super().do_GET()
        with self.slow.count(self.path):
            time.sleep(self.slow.delay)
            self.slow.gate.wait(10)
            return super().do_GET()


@contextmanager
def slow_server(folder: Path, delay: float = 0.02) -> Iterator[SlowServer]:
    slow = SlowServer(folder, delay)
    thread = threading.Thread(target=slow.server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield slow
    finally:
        slow.gate.set()
        slow.server.shutdown()
        slow.server.server_close()
        thread.join()


class HangingStore(MemoryFileSystem):
    """Gives out no file before its gate is open; fsspec copies from it in a thread."""

    protocol = "hanging"
    gate = threading.Event()

    def get_file(self, rpath, lpath, **named):
        self.gate.wait(10)
        super().get_file(rpath, lpath, **named)
