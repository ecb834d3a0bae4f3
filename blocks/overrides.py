"""What one job may change of its deployment."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from blocks.specs import Deployment, Part, Resources
from scoring.settings import AnyCase, LoggingLevel, OutputFormat, RetrySettings, Seconds, Settings


def _said(field: str) -> str:
    return Settings.model_fields[field].description or ""


class RetryOverrides(Part):
    """What one job may change of its deployment's retry_settings."""

    max_retries: int | None = Field(None, description=RetrySettings.model_fields["max_retries"].description)
    timeout: Seconds | None = Field(None, description=RetrySettings.model_fields["timeout"].description)


class Overrides(Part):
    """What one job may change of its deployment; what is left out stays as the deployment says.

    The limits are those of scoring's Settings, which every value is held against.
    """

    instance_count: int | None = Field(None, description=Resources.model_fields["instance_count"].description)
    mini_batch_size: int | None = Field(None, description=_said("mini_batch_size"))
    max_concurrency_per_instance: int | None = Field(None, description=_said("max_concurrency_per_instance"))
    error_threshold: int | None = Field(None, description=_said("error_threshold"))
    retry_settings: RetryOverrides | None = Field(None, description=_said("retry_settings"))
    logging_level: Annotated[LoggingLevel, AnyCase] | None = Field(None, description=_said("logging_level"))
    output_file_name: str | None = Field(None, description=_said("output_file_name"))
    output_format: Annotated[OutputFormat, AnyCase] | None = Field(None, description=_said("output_format"))
    init_timeout: Seconds | None = Field(None, description=_said("init_timeout"))
    threads: int | None = Field(None, description=_said("threads"))

    @model_validator(mode="after")
    def _within_limits(self) -> Self:
        # A ValidationError raised here keeps the path of the field it is about.
        Settings.model_validate(self._given())
        if self.instance_count is not None:
            Resources(instance_count=self.instance_count)
        return self

    def _given(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True, exclude={"instance_count"})

    def applied_to(self, deployment: Deployment) -> Deployment:
        """The deployment as this job runs it.

        Raises: pydantic.ValidationError, whose paths are those of `settings`, where the two do not go together.
        """
        given = self._given()
        written = deployment.settings.model_dump(exclude_unset=True)
        retries = written.get("retry_settings", {}) | given.pop("retry_settings", {})
        settings = Settings.model_validate(written | given | {"retry_settings": retries})
        resources = deployment.resources
        if self.instance_count is not None:
            resources = Resources(instance_count=self.instance_count)
        return deployment.model_copy(update={"settings": settings, "resources": resources})
