"""What every request is answered from."""

from dataclasses import dataclass, field

from fastapi import Request
from prefect.client.orchestration import SyncPrefectClient

from blocks.store import Store
from deployments.gateway.audit import Audit
from deployments.gateway.guard import Guard
from deployments.gateway.hooks import HookRegister
from deployments.gateway.metrics import Counts
from deployments.gateway.reach import Reach
from deployments.gateway.recent import Recent
from deployments.gateway.turns import Turns
from deployments.service.arrivals import Arrivals
from deployments.service.assignments import Assignments
from deployments.service.jobs import Names
from deployments.service.registration import Launcher


@dataclass(frozen=True)
class System:
    """The Prefect server, and the rules of this gateway."""

    store: Store
    launcher: Launcher
    client: SyncPrefectClient
    guard: Guard
    audit: Audit
    reach: Reach = field(default_factory=Reach)
    counts: Counts = field(default_factory=Counts)
    recent: Recent = field(default_factory=Recent)
    recent_lists: Recent = field(default_factory=Recent)
    names: Names = field(default_factory=dict)
    turns: Turns = field(default_factory=Turns)
    assignments: Assignments = field(default_factory=Assignments)
    hooks: HookRegister = field(init=False)
    arrivals: Arrivals = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hooks", HookRegister(self.store))
        object.__setattr__(self, "arrivals", Arrivals(self.store, self.launcher, self.assignments))

    def forget_jobs(self) -> None:
        """Ask anew what has become of jobs: something was done to one."""
        self.recent.forget()
        self.recent_lists.forget()


def system_of(request: Request) -> System:
    """The system of the application that got a request."""
    system = request.app.state.system
    assert isinstance(system, System)
    return system
