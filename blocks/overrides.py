"""What one job may change of its deployment."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from blocks.specs import Deployment, Part, Resources
from blocks.specs.base import TextMap
from scoring.literals import Literals
from scoring.quantities import Bytes, Seconds, Threshold
from scoring.settings import AnyCase, LoggingLevel, OutputFormat, RetrySettings, Settings, as_words


def _as_declared(field: str, of: type[BaseModel] = Settings) -> Any:
    """A field that stays as the deployment says when it is left out, and is described as there."""
    return Field(None, description=of.model_fields[field].description)


def _earlier_job(said: str) -> Any:
    return Field(None, min_length=1, description=f"An earlier job, by its name or id: {said}")


class RetryOverrides(Part):
    """What one job may change of its deployment's retry_settings."""

    max_retries: int | None = _as_declared("max_retries", RetrySettings)
    timeout: Seconds | None = _as_declared("timeout", RetrySettings)
    delay: Seconds | None = _as_declared("delay", RetrySettings)
    jitter: float | None = _as_declared("jitter", RetrySettings)
    retry_on: Annotated[tuple[str, ...], BeforeValidator(as_words)] | None = _as_declared("retry_on", RetrySettings)


class Overrides(Part):
    """What one job may change of its deployment; what is left out stays as the deployment says.

    The limits are those of scoring's Settings, which every value is held against.
    """

    instance_count: int | None = _as_declared("instance_count", Resources)
    mini_batch_size: int | None = _as_declared("mini_batch_size")
    max_concurrency_per_instance: int | None = _as_declared("max_concurrency_per_instance")
    error_threshold: Threshold | None = _as_declared("error_threshold")
    fail_fast: bool | None = _as_declared("fail_fast")
    max_runtime: Seconds | None = _as_declared("max_runtime")
    retry_settings: RetryOverrides | None = _as_declared("retry_settings")
    environment_variables: TextMap | None = Field(
        None, description="Environment variables set for the scoring script, beside the deployment's."
    )
    literals: Literals | None = Field(
        None,
        description="Literal inputs: values for the scoring script by name, as environment variables and as attributes "
        "of the second argument of run().",
    )
    logging_level: Annotated[LoggingLevel, AnyCase] | None = _as_declared("logging_level")
    output_file_name: str | None = _as_declared("output_file_name")
    output_format: Annotated[OutputFormat, AnyCase] | None = _as_declared("output_format")
    datastore: str | None = Field(
        None, min_length=1, description="The datastore that holds the job's folder; else the endpoint's."
    )
    overwrite: bool | None = Field(
        None, description="Replace files of an earlier output that are in the output folder; else the job is refused."
    )
    since_job: str | None = _earlier_job(
        "only files that are new or have changed since are scored, and its rows are kept for the others; all are "
        "scored if model, code or settings have changed."
    )
    incremental: bool | None = Field(
        None, description="The same with the last job of the endpoint that completed and read the same input."
    )
    failed_of: str | None = _earlier_job(
        "only those of its files are scored that failed or were never reached, and its rows are kept for the others."
    )
    init_timeout: Seconds | None = _as_declared("init_timeout")
    threads: int | None = _as_declared("threads")
    memory_limit: Bytes | None = _as_declared("memory_limit")
    shared_output: bool | None = _as_declared("shared_output")
    rows_per_chunk: int | None = _as_declared("rows_per_chunk")
    prefetch_limit: int | None = _as_declared("prefetch_limit")
    include_hidden: bool | None = _as_declared("include_hidden")

    @model_validator(mode="after")
    def _within_limits(self) -> Self:
        # A ValidationError raised here keeps the path of the field it is about.
        Settings.model_validate(self._given())
        if both := self.environment_variables and self.literals and {*self.environment_variables} & {*self.literals}:
            raise ValueError(f"{min(both)} is given as a literal input and as an environment variable; remove one")
        if self.instance_count is not None:
            Resources(instance_count=self.instance_count)
        bases = [name for name in ("since_job", "incremental", "failed_of") if getattr(self, name)]
        if len(bases) > 1:
            raise ValueError(f"{' and '.join(bases)} each name a job whose rows are kept; keep one")
        return self

    def _given(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True, include={*Settings.model_fields})

    def applied_to(self, deployment: Deployment) -> Deployment:
        """The deployment as this job runs it.

        Raises: pydantic.ValidationError, whose paths are those of `settings`, where the two do not go together.
        """
        given = self._given()
        written = deployment.settings.model_dump(exclude_unset=True)
        retries = written.get("retry_settings", {}) | given.pop("retry_settings", {})
        variables = written.get("environment_variables", {}) | given.pop("environment_variables", {})
        merged = {"retry_settings": retries, "environment_variables": variables}
        settings = Settings.model_validate(written | given | merged)
        resources = deployment.resources
        if self.instance_count is not None:
            resources = Resources(instance_count=self.instance_count)
        return deployment.model_copy(update={"settings": settings, "resources": resources})
