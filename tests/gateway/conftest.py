"""A gateway that listens on a port of its own, on a store and a launcher that only remember."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from prefect.client.orchestration import SyncPrefectClient

from blocks.specs import Compute, Data, Datastore, Deployment, Endpoint
from blocks.store import MemoryStore
from deployments.gateway.app import gateway
from deployments.gateway.audit import Audit
from deployments.gateway.guard import Guard
from deployments.gateway.reach import Reach
from deployments.gateway.system import System
from deployments.gateway.turns import Turns
from deployments.service import computes, data, datastores, deployments, endpoints
from deployments.service.registration import Order, RecordingLauncher
from deployments.service.tokens import NewToken, create

NOBODY = "http://127.0.0.1:9/api"
"""The discard port: nothing listens there, as when Prefect's server is away."""
SCRIPT = "def init():\n    pass\n\n\ndef run(mini_batch):\n    return mini_batch\n"
ALLOWED = "s3://allowed/public"


@dataclass(frozen=True)
class Door:
    """A gateway, and tokens for it by role; `other` is for another endpoint, `all` for every one."""

    url: str
    store: MemoryStore
    launcher: RecordingLauncher
    audit: Path
    system: System
    tokens: dict[str, NewToken] = field(default_factory=dict)

    def call(self, method: str, path: str, token: str | None = "invoke", **options: Any) -> httpx.Response:
        """A request with the token of a role, with a text of one's own, or with none."""
        headers = dict(options.pop("headers", {}))
        if token is not None:
            text = self.tokens[token].text if token in self.tokens else token
            headers.setdefault("Authorization", f"Bearer {text}")
        return httpx.request(method, f"{self.url}{path}", headers=headers, timeout=30, **options)

    def send(self, body: object, token: str = "invoke", **headers: str) -> httpx.Response:
        """A job sent to endpoint mnist."""
        return self.call("POST", "/endpoints/mnist/jobs", token, json=body, headers=headers)

    def system_with(self, turns: Turns) -> System:
        """The same, with other turns."""
        return replace(self.system, turns=turns)

    @property
    def sent(self) -> list[Order]:
        """The orders that reached the launcher."""
        return [order for order, _ in self.launcher.sent]

    def audited(self) -> list[dict[str, Any]]:
        """What was written down."""
        return [json.loads(line) for line in self.audit.read_text().splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("gateway")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BATCHPOINT_HOME", str(folder / "home"))
        yield folder


@pytest.fixture(scope="module")
def door(folder: Path) -> Iterator[Door]:
    store, launcher = MemoryStore(), RecordingLauncher()
    register(store, launcher, folder)
    audit = folder / "audit.log"
    guard = Guard(store, "2000/minute")
    system = System(store, launcher, SyncPrefectClient(NOBODY), guard, Audit(audit), Reach((ALLOWED,)))
    roles: tuple[Any, ...] = ("read", "invoke", "admin")
    made = {role: create(store, endpoint="mnist", role=role, lifetime=timedelta(1)) for role in roles}
    made["other"] = create(store, endpoint="other", role="admin", lifetime=None)
    made["all"] = create(store, endpoint=None, role="admin", lifetime=None)
    made["expired"] = create(store, endpoint="mnist", role="admin", lifetime=timedelta(seconds=-1))
    with served(system) as url:
        yield Door(url, store, launcher, audit, system, made)


class served:
    """A gateway in a thread, for as long as a block lasts; gives its URL."""

    def __init__(self, system: System) -> None:
        config = uvicorn.Config(gateway(system), port=0, log_level="warning", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self) -> str:
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()


def register(store: MemoryStore, launcher: RecordingLauncher, folder: Path) -> None:
    """Endpoints `mnist` and `other` with a deployment `torch` each, a data asset, and a bucket."""
    (folder / "code").mkdir()
    (folder / "code/driver.py").write_text(SCRIPT)
    (folder / "model").mkdir()
    (folder / "model/weights").write_text("1")
    (folder / "digits").mkdir()
    (folder / "digits/1.png").write_text("1")
    computes.create(store, launcher, Compute(name="batch-cluster", max_instances=2))
    for endpoint in ("mnist", "other"):
        endpoints.create(store, launcher, Endpoint(name=endpoint))
        for name in ("torch", "keras"):
            declared = {
                "name": name,
                "endpoint_name": endpoint,
                "model": {"name": "digits", "path": str(folder / "model")},
                "code_configuration": {"code": str(folder / "code"), "scoring_script": "driver.py"},
                "compute": "batch-cluster",
            }
            deployments.create(store, launcher, Deployment.model_validate(declared), set_default=name == "torch")
    data.create(store, Data(name="digits", path=str(folder / "digits")))
    datastores.create(store, Datastore(name="shelf", root=str(folder / "shelf")))
    store.put(Datastore(name="bucket", type="s3", root="s3://bucket/root"))
    (folder / "shelf/digits").mkdir(parents=True)
    (folder / "shelf/digits/1.png").write_text("1")
