"""What one job may change of its deployment."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from blocks.specs import Deployment, Part, Resources
from blocks.specs.base import TextMap
from scoring.literals import Literals
from scoring.quantities import Bytes, Seconds, Threshold
from scoring.settings import AnyCase, LoggingLevel, OutputFormat, RetrySettings, Settings, as_words


def _said(field: str) -> str:
    return Settings.model_fields[field].description or ""


class RetryOverrides(Part):
    """What one job may change of its deployment's retry_settings."""

    max_retries: int | None = Field(None, description=RetrySettings.model_fields["max_retries"].description)
    timeout: Seconds | None = Field(None, description=RetrySettings.model_fields["timeout"].description)
    delay: Seconds | None = Field(None, description=RetrySettings.model_fields["delay"].description)
    jitter: float | None = Field(None, description=RetrySettings.model_fields["jitter"].description)
    retry_on: Annotated[tuple[str, ...], BeforeValidator(as_words)] | None = Field(
        None, description=RetrySettings.model_fields["retry_on"].description
    )


class Overrides(Part):
    """What one job may change of its deployment; what is left out stays as the deployment says.

    The limits are those of scoring's Settings, which every value is held against.
    """

    instance_count: int | None = Field(None, description=Resources.model_fields["instance_count"].description)
    mini_batch_size: int | None = Field(None, description=_said("mini_batch_size"))
    max_concurrency_per_instance: int | None = Field(None, description=_said("max_concurrency_per_instance"))
    error_threshold: Threshold | None = Field(None, description=_said("error_threshold"))
    fail_fast: bool | None = Field(None, description=_said("fail_fast"))
    max_runtime: Seconds | None = Field(None, description=_said("max_runtime"))
    retry_settings: RetryOverrides | None = Field(None, description=_said("retry_settings"))
    environment_variables: TextMap | None = Field(
        None, description="Environment variables set for the scoring script, beside the deployment's."
    )
    literals: Literals | None = Field(
        None,
        description="Literal inputs: values for the scoring script by name, as environment variables and as attributes "
        "of the second argument of run().",
    )
    logging_level: Annotated[LoggingLevel, AnyCase] | None = Field(None, description=_said("logging_level"))
    output_file_name: str | None = Field(None, description=_said("output_file_name"))
    output_format: Annotated[OutputFormat, AnyCase] | None = Field(None, description=_said("output_format"))
    datastore: str | None = Field(
        None, min_length=1, description="The datastore that holds the job's folder; else the endpoint's."
    )
    overwrite: bool | None = Field(
        None, description="Replace files of an earlier output that are in the output folder; else the job is refused."
    )
    since_job: str | None = Field(
        None,
        min_length=1,
        description="An earlier job, by its name or id: only files that are new or have changed since are scored, and "
        "its rows are kept for the others; all are scored if model, code or settings have changed.",
    )
    incremental: bool | None = Field(
        None, description="The same with the last job of the endpoint that completed and read the same input."
    )
    failed_of: str | None = Field(
        None,
        min_length=1,
        description="An earlier job, by its name or id: only those of its files are scored that failed or were never "
        "reached, and its rows are kept for the others.",
    )
    init_timeout: Seconds | None = Field(None, description=_said("init_timeout"))
    threads: int | None = Field(None, description=_said("threads"))
    memory_limit: Bytes | None = Field(None, description=_said("memory_limit"))
    shared_output: bool | None = Field(None, description=_said("shared_output"))
    prefetch_limit: int | None = Field(None, description=_said("prefetch_limit"))
    include_hidden: bool | None = Field(None, description=_said("include_hidden"))

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
