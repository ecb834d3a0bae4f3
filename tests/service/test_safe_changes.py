"""Two people at once, a process that dies half-way, a job that runs: nothing that is registered is ever half there."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from blocks.errors import AlreadyRegistered, NotRegistered
from blocks.prefect_store import PrefectStore
from blocks.specs import Compute, Deployment, Endpoint, Environment, Model
from blocks.store import MemoryStore
from deployments.service import computes, deployments, endpoints, environments, models
from deployments.service.errors import ConflictError
from deployments.service.prefect_launcher import PrefectLauncher
from deployments.service.submission import Request, submit
from flows.resolve import resolve


class Raced(MemoryStore):
    """A store in which two look for a name at the same time, and both find nothing."""

    def __init__(self, *kinds):
        super().__init__()
        self.kinds, self.both = kinds, threading.Barrier(2, timeout=10)

    def get(self, kind, *name):
        try:
            return super().get(kind, *name)
        except NotRegistered:
            if kind in self.kinds:
                self.both.wait()
            raise


def at_once(create):
    """What two threads get that create the same thing."""

    def tried(_):
        try:
            return create()
        except AlreadyRegistered as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(tried, range(2)), key=lambda each: isinstance(each, str))


def test_two_who_create_an_endpoint_at_once_get_one_and_one_clear_refusal(home, launcher):
    store = Raced(Endpoint)
    made, refused = at_once(lambda: endpoints.create(store, launcher, Endpoint(name="mnist")))
    assert store.list(Endpoint) == [made]
    assert refused == (
        "endpoint 'mnist' was registered by someone else at the same moment; look at it with show, and try again to "
        "change it"
    )
    assert list(launcher.registered) == ["mnist"]


def test_two_who_create_a_compute_at_once_get_one_and_one_clear_refusal(home, launcher):
    store = Raced(Compute)
    made, refused = at_once(lambda: computes.create(store, launcher, Compute(name="here", max_instances=2)))
    assert store.list(Compute) == [made]
    assert refused.startswith("compute 'here' was registered by someone else at the same moment")
    assert launcher.limits == {"compute-here": 2}


def test_two_who_create_a_deployment_at_once_get_one_whose_code_and_model_stay(launcher, declared, files_below):
    store = Raced(Deployment)
    endpoints.create(store, launcher, Endpoint(name="mnist"))
    computes.create(store, launcher, Compute(name="batch-cluster", max_instances=2))
    made, refused = at_once(lambda: deployments.create(store, launcher, declared()))
    assert store.list(Deployment) == [made]
    assert refused.startswith("deployment 'mnist/torch' was registered by someone else at the same moment")
    assert files_below(Path(made.code_configuration.code)) == ["driver.py", "helper.py"]
    assert [str(each) for each in store.list(Model)] == [made.model]


def test_two_who_register_an_environment_at_once_both_have_it(home):
    class Slow(MemoryStore):
        both = threading.Barrier(2, timeout=10)

        def list(self, kind):
            found = super().list(kind)
            if not found:
                self.both.wait()
            return found

    store = Slow()
    made = at_once(lambda: environments.create(store, Environment(name="torch", image="ubuntu:24.04")))
    assert made[0] == made[1] == store.get(Environment, "torch", "1")


def test_a_number_that_another_machine_took_meanwhile_is_not_given_again(home, project, files_below):
    class Shared(MemoryStore):
        """Another machine, with a home of its own, registers the number that was to be given here."""

        def add(self, spec):
            if not self.list(Model):
                super().add(spec.model_copy(update={"path": "/elsewhere/digits/1", "digest": "other"}))
            super().add(spec)

    store = Shared()
    made = models.create(store, Model(name="digits", path=str(project / "model")))
    assert [(each.version, each.path) for each in store.list(Model)] == [
        ("1", "/elsewhere/digits/1"),
        ("2", made.path),
    ]
    assert files_below(Path(made.path).parent) == ["2/model/weights.pt"]


def test_a_job_goes_on_as_it_began_when_its_deployment_changes(ready, launcher, declared, project, kept):
    deployments.create(ready, launcher, declared(), set_default=True)
    asked = {"job": "running", "endpoint": "mnist", "input": str(project / "model")}
    before = resolve(ready, **asked)
    before.write()
    script = Path(before.script).read_bytes()
    (project / "code" / "driver.py").write_text("def run(mini_batch):\n    return []\n")
    (project / "model" / "weights.pt").write_bytes(b"better")
    deployments.update(ready, launcher, declared(settings={"mini_batch_size": 99}))
    assert resolve(ready, **asked) == before
    assert Path(before.script).read_bytes() == script
    assert (Path(before.model_dir) / "model" / "weights.pt").read_bytes() == b"weights"
    assert resolve(ready, **(asked | {"job": "next"})).settings.mini_batch_size == 99


DIES = """
import os, signal, sys
from blocks.prefect_store import PrefectStore
from blocks.specs import Deployment, Model
from deployments.service import deployments, models, uploads
from deployments.service.prefect_launcher import PrefectLauncher

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

what, declared = sys.argv[1:]
if what == "model":
    copied, uploads._copy = uploads._copy, lambda *file: (copied(*file), die())
    models.create(PrefectStore(), Model.model_validate_json(declared))
else:
    PrefectLauncher.register = die
    deployments.create(PrefectStore(), PrefectLauncher(), Deployment.model_validate_json(declared), set_default=True)
"""


def killed_while_it_creates(what, spec):
    command = [sys.executable, "-c", DIES, what, spec.model_dump_json()]
    assert subprocess.run(command, cwd=Path(__file__).parents[2], check=False).returncode == -signal.SIGKILL


@pytest.mark.server
def test_a_create_that_is_killed_half_way_leaves_nothing_that_later_commands_trip_over(server, declared, project):
    store, launcher, mine = PrefectStore(), PrefectLauncher(), f"dies-{uuid4().hex[:8]}"
    wanted = declared(endpoint_name=mine, compute=mine, model={"name": mine, "path": str(project / "model")})
    endpoints.create(store, launcher, Endpoint(name=mine))
    computes.create(store, launcher, Compute(name=mine))
    killed_while_it_creates("model", wanted.model)
    assert models.list_versions(store, mine) == []
    model = models.create(store, wanted.model)
    left = os.listdir(Path(model.path).parent)
    assert (model.version, sorted(left)) == ("1", [".1.digests.json", "1"])

    killed_while_it_creates("deployment", wanted)
    (shown,) = deployments.list_all(store, mine)
    assert endpoints.show(store, mine).defaults.deployment_name in {None, shown.name}
    job = Request(endpoint=mine, input=str(project / "model"), deployment="torch")
    with pytest.raises(ConflictError, match=f"update --name {mine}"):
        submit(store, launcher, job)
    created = deployments.create(store, launcher, wanted, set_default=True)
    assert created == deployments.show(store, mine, "torch") == shown
    endpoints.delete(store, launcher, mine)
    computes.delete(store, launcher, mine)
    models.delete(store, mine)
