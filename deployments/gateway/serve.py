"""The gateway as a process: it listens, and answers from the Prefect server that commands use."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import httpx
import uvicorn
from prefect.client.orchestration import get_client

from blocks.prefect_store import PrefectStore
from deployments.embedded.gateway_url import announced
from deployments.embedded.home import Home, home
from deployments.gateway.app import gateway
from deployments.gateway.audit import Audit
from deployments.gateway.guard import Guard
from deployments.gateway.listening import Listening
from deployments.gateway.reach import Reach
from deployments.gateway.recent import RecentStore
from deployments.gateway.system import System
from deployments.service.assignments import Assignments
from deployments.service.errors import UnusableError
from deployments.service.outgoing import LOOK_SECONDS, catch_up_now
from deployments.service.prefect_launcher import PrefectLauncher
from scoring.storage import as_url

TOUCH_SECONDS = 60.0
"""An embedded server ends when nobody has come for long; a gateway is somebody."""
GRACE = 10
"""Seconds that answers under way get when the gateway ends."""
KEEP_ALIVE = 75
"""Seconds that a connection stays open between requests. Callers poll every 5 s or so: uvicorn's own 5 s would close
theirs under the very request that comes next."""


def serve(listening: Listening, announce: Callable[[str], None]) -> None:
    """Answer requests until SIGINT or SIGTERM; where, is announced once that is so. Raises: UnusableError."""
    with _listener(listening) as listener:
        server = _server(listening)
        url, place = _url(listening, listener), Home(home())
        announce(f"jobs are taken at {url}/endpoints/NAME/jobs until Ctrl-C")
        with announced(place, url), _each(TOUCH_SECONDS, place.used.touch), _each(LOOK_SECONDS, _catch_up):
            server.run(sockets=[listener])


@contextmanager
def served(listening: Listening, announce: Callable[[str], None]) -> Iterator[None]:
    """Answer requests in a thread while a block lasts. Raises: UnusableError."""
    with _listener(listening) as listener:
        server = _server(listening)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="gateway")
        thread.start()
        url = _url(listening, listener)
        announce(f"jobs are taken at {url}/endpoints/NAME/jobs")
        try:
            with announced(Home(home()), url):
                yield
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def _each(seconds: float, work: Callable[[], None]) -> Iterator[None]:
    """Do something every so many seconds, in a thread, while a block lasts."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(seconds):
            work()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _catch_up() -> None:
    """What Prefect forgot to send of jobs that have ended; while its server is away, the next look does it."""
    with suppress(httpx.HTTPError):
        catch_up_now()


def _server(listening: Listening) -> uvicorn.Server:
    store = PrefectStore()
    system = System(
        store=RecentStore(store),
        launcher=PrefectLauncher(),
        client=get_client(sync_client=True),
        guard=_guard(store, listening.rate),
        audit=Audit(Home(home()).log("gateway-audit")),
        reach=Reach(tuple(as_url(url).rstrip("/") for url in listening.allowed)),
        assignments=Assignments(Home(home()).events),
    )
    config = uvicorn.Config(
        gateway(system),
        ssl_certfile=listening.certificate,
        ssl_keyfile=listening.key,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=KEEP_ALIVE,
    )
    return uvicorn.Server(config)


def _listener(listening: Listening) -> socket.socket:
    listening.check()
    family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
    try:
        return socket.create_server((listening.host, listening.port), family=family)
    except OSError as error:
        raise UnusableError(
            f"{listening.host} port {listening.port} cannot be listened at: {error.strerror}; give another port"
        ) from error


def _url(listening: Listening, listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    scheme = "https" if listening.certificate else "http"
    return f"{scheme}://{host}:{port}"


def _guard(store: PrefectStore, rate: str) -> Guard:
    try:
        return Guard(store, rate)
    except ValueError as error:
        raise UnusableError(f"--rate {rate!r} is no rate; write it as 600/minute or 10/second") from error
