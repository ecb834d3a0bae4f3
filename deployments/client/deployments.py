"""`client.batch_deployments`."""

import builtins
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from blocks.specs import Deployment
from deployments.client.system import Changes, System
from deployments.service import deployments

if TYPE_CHECKING:
    from deployments.service.job_records import Job


@dataclass(frozen=True)
class Deployments:
    """What scores the files: a model, its scoring script, compute and settings, under an endpoint."""

    _system: System

    def create(
        self,
        deployment: Deployment | str | Path,
        changes: Changes | None = None,
        *,
        set_default: bool = False,
        skip_script_validation: bool = False,
        no_wait: bool = False,
    ) -> Deployment:
        """Register a deployment, or change the one of its name.

        >>> second = Deployment(
        ...     name="second",
        ...     endpoint_name="words",
        ...     model=Model(name="words", path="model"),
        ...     code_configuration=CodeConfiguration(code="code", scoring_script="score.py"),
        ...     compute="batch-cluster",
        ...     settings=Settings(mini_batch_size=2),
        ... )
        >>> client.batch_deployments.create(second, set_default=True).model
        'azureml:words:1'
        >>> client.batch_deployments.create("deployment.yml", {"name": "third", "settings.threads": 2}).settings.threads
        2

        Args:
            deployment: as declared.
            changes: over what is declared.
            set_default: whether the endpoint's jobs go here from now on.
            skip_script_validation: register the scoring script without a look at it.
            no_wait: leave building its environment to the first job.
        Raises: DeclarationError; NotRegistered for an endpoint, model, environment or compute that is not there;
            UnusableError, JobRefusedError or ScriptError for what could never score; EnvironmentUnusableError for an
            environment that cannot be built. Nothing is registered then.
        """
        system = self._system
        spec = system.declared(Deployment, deployment, changes or {})
        check = not skip_script_validation
        return deployments.create(
            system.store,
            system.launcher,
            spec,
            set_default=set_default,
            check=check,
            build=not no_wait,
            tell=system.tell,
        )

    def update(
        self,
        name: str,
        endpoint_name: str,
        changes: Changes,
        *,
        skip_script_validation: bool = False,
        no_wait: bool = False,
    ) -> Deployment:
        """Change a deployment; jobs that run go on as they began.

        >>> client.batch_deployments.update("first", "words", {"settings.mini_batch_size": 20}).settings.mini_batch_size
        20

        Raises: as create does.
        """
        system = self._system
        spec = system.changed(Deployment, self.show(name, endpoint_name), changes)
        check = not skip_script_validation
        return deployments.update(system.store, system.launcher, spec, check=check, build=not no_wait, tell=system.tell)

    def show(self, name: str, endpoint_name: str) -> Deployment:
        """A deployment of an endpoint. Raises: NotRegistered, for the endpoint or the deployment."""
        return deployments.show(self._system.store, endpoint_name, name)

    def list(self, endpoint_name: str) -> builtins.list[Deployment]:
        """An endpoint's deployments, the first registered first. Raises: NotRegistered."""
        return deployments.list_all(self._system.store, endpoint_name)

    def delete(self, name: str, endpoint_name: str) -> None:
        """Forget a deployment. Raises: NotRegistered; ConflictError for the default of an endpoint that has others."""
        deployments.delete(self._system.store, self._system.launcher, endpoint_name, name)

    def list_jobs(self, name: str, endpoint_name: str, max_results: int = 50) -> "builtins.list[Job]":
        """A deployment's jobs, the newest first. Raises: NotRegistered."""
        from deployments.service import jobs  # brings Prefect, which the other verbs do without

        found = self.show(name, endpoint_name)
        system = self._system
        return jobs.list_all(
            system.store, system.prefect, endpoint=endpoint_name, deployment=found.name, most=max_results
        )
