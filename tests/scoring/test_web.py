"""Pages that send on: followed where that harms nobody, and never to what only this machine can reach."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from yarl import URL

from scoring import web
from scoring.errors import InputError, ScoringError
from scoring.finding import find_one, locate
from scoring.storage import Folder


class Pages(BaseHTTPRequestHandler):
    """Answers /on?URL with a redirect to that URL, /folder with one to /folder/, and anything else with its path."""

    def __init__(self, asked: list[str], *arguments: object) -> None:
        self.asked = asked
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self.asked.append(self.path)
        where = f"{self.path}/" if self.path == "/folder" else self.path.partition("?")[2]
        self.send_response(302 if where else 200)
        if where:
            self.send_header("Location", where)
        said = b'<a href="a.txt">' if self.path.endswith("/") else self.path.encode()
        self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "text/plain")
        self.send_header("Content-Length", "0" if where else str(len(said)))
        self.end_headers()
        if not where and self.command == "GET":
            self.wfile.write(said)

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def pages() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Pages, asked)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def test_a_page_that_sends_on_to_a_private_address_is_not_followed() -> None:
    with pages() as (outside, _), pages() as (inside, asked):
        with pytest.raises(InputError, match="which is at an address that is not public"):
            Folder(outside).read(f"on?{inside}/secret")
        with pytest.raises(InputError, match="give the URL that it sends to"):
            locate(f"{outside}/on?{inside}/secret")
        assert asked == []


def test_a_page_does_not_lead_to_others_of_a_private_server_that_was_read_before() -> None:
    with pages() as (url, asked):
        folder = Folder(url)
        assert folder.read("public/a.txt") == b"/public/a.txt"
        with pytest.raises(InputError, match="is not public"):
            folder.read("public/on?/private")
        with pytest.raises(InputError, match="is not public"):
            folder.read("public/on?/public/on/%2e%2e/private")
        assert not any(path.startswith("/private") for path in asked)


def test_a_folder_that_sends_on_to_itself_with_a_slash_is_listed() -> None:
    with pages() as (url, _):
        root, only = locate(f"{url}/folder")
        assert only is None
        assert find_one(root, "a.txt").path == "a.txt"


@pytest.mark.parametrize("host", ["169.254.169.254", "168.63.129.16", "0xa9fea9fe"])
def test_where_clouds_tell_secrets_nothing_is_read(host: str) -> None:
    with pytest.raises(ScoringError, match="no input is read from there"):
        Folder(f"http://{host}").read("latest/meta-data")


@pytest.mark.parametrize("address", ["::ffff:169.254.169.254", "fd00:ec2::254", "fe80::1%eth0"])
def test_a_name_with_such_an_address_of_the_newer_kind_is_not_connected_to(address: str) -> None:
    with pytest.raises(OSError, match="no input is read from there"):
        web._socket_to((socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, 80, 0, 0)))


def test_a_name_that_has_another_address_when_it_is_connected_to_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when its owner answers who looks first with a public address, and who connects with a private one."""
    with pages() as (outside, _), pages() as (inside, asked):

        async def was_public(*_: object) -> None:
            return

        monkeypatch.setattr(web, "_check_host", was_public)
        with pytest.raises(ScoringError, match="is not public, and a page sent on to it"):
            Folder(outside).read(f"on?{inside}/secret")
        assert asked == []


@pytest.mark.parametrize(
    ("asked", "target", "is_below"),
    [
        ("http://intranet/data", "http://intranet/data/", True),
        ("http://intranet/data", "https://intranet/data", True),
        ("http://intranet:8080/data", "http://intranet:8080/data/x", True),
        ("http://intranet/data", "http://intranet/database", False),
        ("http://intranet:8080/data", "http://intranet/data", False),
        ("http://intranet/data", "http://other/data", False),
        ("http://intranet/data/", "http://intranet/data/../secret", False),
    ],
)
def test_what_lies_below_a_page_is_told_by_whole_steps(asked: str, target: str, is_below: bool) -> None:
    assert web._lies_below(URL(target), URL(asked)) is is_below


def test_a_public_address_is_sent_on_to() -> None:
    info = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))
    web._sent_on.set(True)
    try:
        web._socket_to(info).close()
    finally:
        web._sent_on.set(False)
