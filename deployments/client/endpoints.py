"""`client.batch_endpoints`."""

import builtins
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from blocks.invocation import Invocation, JobInput
from blocks.overrides import Overrides
from blocks.specs import Endpoint
from deployments.client.system import Changes, System
from deployments.declarations import Document
from deployments.service import endpoints

if TYPE_CHECKING:
    from deployments.service.job_records import Job
    from scoring.findings import Findings


@dataclass(frozen=True)
class Endpoints:
    """Names that jobs are sent to, each with a default deployment."""

    _system: System

    def create(self, endpoint: Endpoint | str | Path, changes: Changes | None = None) -> Endpoint:
        """Register an endpoint, or change the one of its name, whose default stays unless another is declared.

        >>> client.batch_endpoints.create(Endpoint(name="letters", tags={"owner": "me"})).tags
        {'owner': 'me'}

        Raises: DeclarationError; NotRegistered when its default is no deployment of it.
        """
        spec = self._system.declared(Endpoint, endpoint, changes or {})
        return endpoints.create(self._system.store, self._system.launcher, spec)

    def update(self, name: str, changes: Changes) -> Endpoint:
        """Change an endpoint, such as which deployment gets its jobs.

        >>> client.batch_endpoints.update("words", {"defaults.deployment_name": "first"}).defaults.deployment_name
        'first'

        Raises: NotRegistered, for the endpoint or for its default; DeclarationError.
        """
        spec = self._system.changed(Endpoint, self.show(name), changes)
        return endpoints.update(self._system.store, self._system.launcher, spec)

    def show(self, name: str) -> Endpoint:
        """An endpoint.

        >>> client.batch_endpoints.show("words").defaults.deployment_name
        'first'

        Raises: NotRegistered.
        """
        return endpoints.show(self._system.store, name)

    def scoring_uri(self, name: str) -> str | None:
        """Where a POST starts a job of an endpoint; None when Prefect has lost it. Raises: NotRegistered."""
        launched = self._system.launcher.launched(self.show(name).name)
        return launched.scoring_uri if launched else None

    def list(self) -> builtins.list[Endpoint]:
        """Every endpoint, by name."""
        return endpoints.list_all(self._system.store)

    def delete(self, name: str) -> None:
        """Forget an endpoint, its deployments and its schedules; its jobs stay. Raises: NotRegistered."""
        endpoints.delete(self._system.store, self._system.launcher, name)

    def invoke(
        self,
        endpoint_name: str,
        input: str | os.PathLike[str] | None = None,  # noqa: A002 - the command line's word
        *,
        deployment_name: str | None = None,
        input_type: str | None = None,
        inputs: Mapping[str, JobInput] | None = None,
        literals: Mapping[str, str | int | float | bool] | None = None,
        output_path: str | os.PathLike[str] | None = None,
        job_name: str | None = None,
        idempotency_key: str | None = None,
        settings: Changes | Overrides | None = None,
    ) -> "Job":
        """Send a job to an endpoint; it runs on, whatever becomes of this process.

        >>> job = client.batch_endpoints.invoke("words", "texts", settings={"retry_settings.max_retries": 0})
        >>> job.status, job.settings
        ('Queued', {'retry_settings': {'max_retries': 0}})

        Args:
            endpoint_name: whose job it is.
            input: folder or file to score: a path, a URL, azureml://datastores/NAME/paths/PATH, or a data asset.
            deployment_name: the deployment that scores; left out, the endpoint's default.
            input_type: what the input must be: uri_folder or uri_file.
            inputs: in place of `input`, one that has files, by any name, and literal inputs.
            literals: values for the scoring script, by name.
            output_path: folder for the output; left out, the job's own.
            job_name: a name for the job; left out, its id.
            idempotency_key: of all invocations of an endpoint with one key only the first makes a job.
            settings: what this job changes of its deployment, by dotted key or as Overrides.
        Raises: DeclarationError for what contradicts itself; NotRegistered, JobRefusedError, InputError,
            OutputExistsError, UnusableError or ConflictError for what cannot be had. No job exists then.
        """
        began = time.time()
        given = _given(input, deployment_name, input_type, inputs, literals) | {
            "output_path": None if output_path is None else os.fspath(output_path),
            "job_name": job_name,
        }
        invocation = self._invocation(given, settings)
        from deployments.service import jobs  # brings Prefect, which the other verbs do without
        from deployments.service.submission import request_of

        request = request_of(endpoint_name, invocation, idempotency_key=idempotency_key, began=began)
        return jobs.invoke(self._system.store, self._system.launcher, request)

    def dry_run(
        self,
        endpoint_name: str,
        input: str | os.PathLike[str] | None = None,  # noqa: A002 - the command line's word
        *,
        deployment_name: str | None = None,
        input_type: str | None = None,
        inputs: Mapping[str, JobInput] | None = None,
        literals: Mapping[str, str | int | float | bool] | None = None,
        settings: Changes | Overrides | None = None,
    ) -> "Findings":
        """Score a few files of a job that is not sent, on this machine; nothing is kept of it.

        >>> client.batch_endpoints.dry_run("words", "texts").problems
        ()

        Args: as of `invoke`.
        Returns: what the script did, what files of a job would fail for, and the settings that would fit.
        Raises: as `invoke`; EnvironmentUnusableError.
        """
        given = _given(input, deployment_name, input_type, inputs, literals)
        invocation = self._invocation(given, settings)
        from deployments.service import dry_run  # brings Prefect, which the other verbs do without
        from deployments.service.submission import request_of

        return dry_run.dry_run(self._system.store, request_of(endpoint_name, invocation))

    def _invocation(self, given: dict[str, object], settings: Changes | Overrides | None) -> Invocation:
        document = Document({name: value for name, value in given.items() if value not in (None, {})})
        changes = settings.model_dump(exclude_none=True) if isinstance(settings, Overrides) else settings or {}
        return self._system.settled(Invocation, document, changes, place="settings")

    def list_jobs(self, endpoint_name: str, max_results: int = 50) -> "builtins.list[Job]":
        """An endpoint's jobs, the newest first. Raises: NotRegistered."""
        from deployments.service import jobs

        return jobs.list_all(self._system.store, self._system.prefect, endpoint=endpoint_name, most=max_results)


def _given(
    input: str | os.PathLike[str] | None,  # noqa: A002 - the command line's word
    deployment_name: str | None,
    input_type: str | None,
    inputs: Mapping[str, JobInput] | None,
    literals: Mapping[str, str | int | float | bool] | None,
) -> dict[str, object]:
    """What somebody says of a job, as a declaration has it."""
    return {
        "input": None if input is None else os.fspath(input),
        "deployment_name": deployment_name,
        "input_type": input_type,
        "inputs": {name: each.model_dump(exclude_none=True) for name, each in (inputs or {}).items()},
        "literals": dict(literals or {}),
    }
