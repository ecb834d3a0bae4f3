"""`client.schedules`."""

import builtins
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from blocks.schedules import Schedule
from deployments.client.system import Changes, System
from deployments.service import schedules

if TYPE_CHECKING:
    from deployments.service.job_records import Job


@dataclass(frozen=True)
class Schedules:
    """Jobs that an endpoint gets on time: by cron, or at intervals.

    >>> nightly = Schedule(
    ...     name="nightly",
    ...     trigger={"type": "cron", "expression": "0 6 * * 1-5", "time_zone": "Europe/Berlin"},
    ...     create_job={"endpoint_name": "words", "input": "azureml://datastores/workspaceblobstore/paths/texts"},
    ... )
    >>> client.schedules.create(nightly).overlap
    'queue'
    >>> client.schedules.update("nightly", {"overlap": "skip"}).overlap
    'skip'
    >>> client.schedules.disable("nightly")
    >>> client.schedules.is_enabled("nightly")
    False
    >>> client.schedules.delete("nightly")
    """

    _system: System

    def create(self, schedule: Schedule | str | Path, changes: Changes | None = None) -> Schedule:
        """Register a schedule, or change the one of its name, which stays enabled or disabled as it is.

        Raises: DeclarationError; NotRegistered for its endpoint; JobRefusedError for its deployment or its settings.
        """
        spec = self._system.declared(Schedule, schedule, changes or {})
        return schedules.create(self._system.store, self._system.launcher, spec)

    def update(self, name: str, changes: Changes) -> Schedule:
        """Change a schedule; the next job is sent as it then says. Raises: NotRegistered; as create does."""
        spec = self._system.changed(Schedule, self.show(name), changes)
        return schedules.create(self._system.store, self._system.launcher, spec)

    def show(self, name: str) -> Schedule:
        """A schedule. Raises: NotRegistered."""
        return schedules.show(self._system.store, name)

    def is_enabled(self, name: str) -> bool:
        """Whether a schedule sends jobs; one that was paused in Prefect does not. Raises: NotRegistered."""
        schedule = self.show(name)
        return bool(self._system.launcher.is_enabled(schedule.create_job.endpoint_name, schedule.name))

    def list(self) -> builtins.list[Schedule]:
        """Every schedule, by name, whether it is enabled or not."""
        return schedules.list_all(self._system.store)

    def enable(self, name: str) -> None:
        """Have a schedule send jobs again. Raises: NotRegistered."""
        schedules.switch(self._system.store, self._system.launcher, name, is_enabled=True)

    def disable(self, name: str) -> None:
        """Have a schedule send no more jobs until it is enabled again. Raises: NotRegistered."""
        schedules.switch(self._system.store, self._system.launcher, name, is_enabled=False)

    def delete(self, name: str) -> None:
        """Forget a schedule; jobs that it sent stay. Raises: NotRegistered."""
        schedules.delete(self._system.store, self._system.launcher, name)

    def trigger(self, name: str) -> "Job":
        """Send the job of a schedule now, whether it is enabled or not. Raises: NotRegistered; as invoke does."""
        from deployments.service import jobs  # brings Prefect, which the other verbs do without

        request = schedules.request_of(self.show(name))
        return jobs.invoke(self._system.store, self._system.launcher, request)
