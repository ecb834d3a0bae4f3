"""A proxy in front of a store that answers 503, hangs up before or after it did as asked, is slow, or denies."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

BUSY = b"<Error><Code>ServiceUnavailable</Code><Message>Please try again.</Message></Error>"
DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>"
ONE_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}

Choose = Callable[[str, str, int], str | None]


class FaultyProxy(ThreadingHTTPServer):
    """Passes requests on, except where `choose` names a fault.

    `choose` is given the method, the path, and how often this very request has come before. A fault is busy (503), deny
    (403), drop (no answer), lose (done, and no answer) or cut (half of an answer).
    """

    request_queue_size = 128
    daemon_threads = True

    def __init__(self, target: str, choose: Choose, delay: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target, self.choose, self.delay = urlsplit(target).netloc, choose, delay
        self.asked: Counter[tuple[str, str]] = Counter()
        self.faults: Counter[str] = Counter()
        self.lock = threading.Lock()

    def handle_error(self, request, client_address):
        """A client that went away is nobody's concern."""

    def fault(self, method: str, path: str) -> str | None:
        with self.lock:
            before = self.asked[method, path]
            self.asked[method, path] += 1
            fault = self.choose(method, path, before)
            if fault is not None:
                self.faults[fault] += 1
        return fault


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyProxy

    def log_message(self, *_):
        pass

    def do_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.fault(self.command, self.path)
        time.sleep(self.server.delay)
        if fault == "drop":
            self.close_connection = True
        elif fault == "busy":
            self.reply(503, [], BUSY)
        elif fault == "deny":
            self.reply(403, [], DENIED)
        elif fault == "lose":
            self.pass_on(body)
            self.close_connection = True
        else:
            self.reply(*self.pass_on(body), cut=fault == "cut")

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_any

    def pass_on(self, body):
        """Ask the store, under the host name that the request was signed for."""
        store = http.client.HTTPConnection(self.server.target)
        store.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            store.putheader(name, value)
        store.endheaders(body)
        answer = store.getresponse()
        return answer.status, answer.getheaders(), answer.read()

    def reply(self, status, headers, body, cut=False):
        self.send_response_only(status)
        length = next((value for name, value in headers if name.lower() == "content-length"), str(len(body)))
        for name, value in headers:
            if name.lower() not in ONE_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = self.close_connection or cut


@contextmanager
def faulty_proxy(target: str, choose: Choose = lambda *_: None, delay: float = 0) -> Iterator[FaultyProxy]:
    """Serve a store at another address, `url`, with faults."""
    proxy = FaultyProxy(target, choose, delay)
    thread = threading.Thread(target=proxy.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()


def url_of(proxy: FaultyProxy) -> str:
    """Where a proxy listens."""
    return f"http://127.0.0.1:{proxy.server_port}"
