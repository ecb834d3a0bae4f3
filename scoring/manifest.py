"""What a job needs, frozen: written once into the job's folder, read by everything that works for the job."""

from typing import Any, Self

from pydantic import Field

from scoring.environments.recipe import Recipe
from scoring.environments.use import Use
from scoring.facts import Record
from scoring.launch import Launch, devices
from scoring.literals import Literals, as_text
from scoring.settings import Settings
from scoring.storage import Folder

MANIFEST = "manifest.json"
OWN_FILES = "files"


class Versioned(Record):
    """A registered thing as the job found it: name, version, and the sha256 of its content."""

    name: str = Field(description="As it is registered.")
    version: str = Field("", description="Empty where it has none.")
    digest: str = Field("", description="Sha256 of its content; empty where that is not known.")


class Cluster(Record):
    """A cluster of other processes that runs the job's chunks: one that exists, or one made for the job."""

    address: str | None = Field(None, description="Where the scheduler of the cluster that exists listens.")
    cluster_class: str | None = Field(None, description="The class that makes one, by its full name.")
    cluster_kwargs: dict[str, Any] = Field(default_factory=dict, description="What that class is called with.")


class Tracking(Record):
    """The run of a job in a tracking store of MLflow's."""

    uri: str
    experiment: str
    run: str

    @property
    def variables(self) -> dict[str, str]:
        """By which mlflow in a script finds the run."""
        return {
            "MLFLOW_TRACKING_URI": self.uri,
            "MLFLOW_EXPERIMENT_NAME": self.experiment,
            "MLFLOW_RUN_ID": self.run,
        }


class Base(Record):
    """An earlier job whose rows are kept for the files that need not be scored again."""

    job: str
    folder: str
    is_whole: bool = Field(
        description="Whether the files are that job's own, of which only the failed ones are scored."
    )
    differs: str = Field("", description="Why none of its rows can be kept; empty when they can.")


def with_a_slot_for_each_device(settings: Settings, instance_count: int) -> Settings:
    """Settings that leave open how many scoring processes there are, for instances that share this machine's GPUs.

    Where the deployment itself says which devices its scripts see, one process has them all.
    """
    says_itself = "CUDA_VISIBLE_DEVICES" in settings.environment_variables
    if settings.max_concurrency_per_instance is not None or says_itself:
        return settings
    return settings.model_copy(update={"max_concurrency_per_instance": max(1, len(devices()) // instance_count)})


class Manifest(Record):
    """One job, resolved: nothing is looked up again after this is written.

    Paths of script, code and model are local and absolute where the scoring processes run; folder, input and output
    are local paths or fsspec URLs.
    """

    job: str = Field(description="The job's id: its flow run's id, or a random one when scored without Prefect.")
    folder: str
    input: str
    output: str
    datastore: str = Field("", description="Name of the datastore that the folder lies in, if it lies in one.")
    datastores: tuple[str, ...] = Field((), description="Names of those that all these lie in, and no credentials.")
    script: str
    code: str
    model_dir: str | None = Field(None, description="Becomes AZUREML_MODEL_DIR: a folder with exactly one child.")
    python: str = Field(description="The interpreter of the scoring processes, where there is no recipe.")
    recipe: Recipe | None = Field(None, description="What their environment is made of, where they run.")
    settings: Settings
    literals: Literals = Field(default_factory=dict, description="Literal inputs of the job, by name.")
    instance_count: int = 1
    endpoint: str = ""
    deployment: str = ""
    compute: str = ""
    memory: int | None = Field(None, description="Bytes that an instance of the compute has, where that is known.")
    cluster: Cluster | None = Field(None, description="Where chunks run; none: in the flow's own process.")
    model: Versioned | None = None
    environment: Versioned | None = None
    code_digest: str = ""
    overwrite: bool = False
    base: Base | None = None
    tracking: Tracking | None = None

    @property
    def slots(self) -> int:
        """Scoring processes at once: instance_count x max_concurrency_per_instance."""
        return self.instance_count * self.settings.processes

    @property
    def memory_limit(self) -> int | None:
        """Bytes that a scoring process may take: as the settings say, else its part of what its instance has."""
        if self.settings.memory_limit is not None or self.memory is None:
            return self.settings.memory_limit
        return self.memory // self.settings.processes

    @property
    def layout(self) -> str:
        """How the scoring process writes rows: csv, azureml, jsonl (which also becomes parquet), or none."""
        if self.settings.output_action == "summary_only":
            return "none"
        written = self.settings.rows_format
        return "jsonl" if written == "parquet" else str(written)

    @property
    def own_files(self) -> Folder:
        """Where files that the script writes itself are kept until they are published with the output."""
        return Folder(self.folder).folder(OWN_FILES)

    def use_environment(self) -> Use:
        """The environment of this job on this machine, built now if need be. Raises: EnvironmentUnusableError."""
        if self.recipe is None:
            return Use(self.python)
        known = self.environment
        return Use.open(self.recipe, f"environment {known.name} {known.version}" if known else "the environment")

    def launch(self, python: str | None = None) -> Launch:
        """What a scoring process of this job is started with; told also where the job's folder cannot be opened yet.

        Args:
            python: the interpreter of its environment on this machine.
        """
        own_files = f"{self.folder}/{OWN_FILES}"
        variables = {
            "AZUREML_RUN_ID": self.job,
            "AZUREML_NODE_COUNT": str(self.instance_count),
            **({"AZUREML_MODEL_DIR": self.model_dir} if self.model_dir else {}),
            **(self.tracking.variables if self.tracking is not None else {}),
            **(self.recipe.variables if self.recipe is not None else {}),
            **self.settings.environment_variables,
            **{name: as_text(value) for name, value in self.literals.items()},
        }
        return Launch(
            python=python or self.python,
            script=self.script,
            code=self.code,
            layout=self.layout,
            logging_level=str(self.settings.logging_level),
            init_timeout=self.settings.init_timeout,
            threads=self.settings.threads,
            variables=variables,
            literals=self.literals,
            memory_limit=self.memory_limit,
            rows_per_chunk=self.settings.rows_per_chunk,
            images=self.settings.images.model_dump_json(exclude_none=True),
            own_files="" if self.settings.shared_output else own_files,
            shared_output=own_files if self.settings.shared_output else None,
        )

    def write(self) -> None:
        """Put the manifest into the job's folder."""
        Folder(self.folder).write(MANIFEST, self.model_dump_json(indent=2).encode())

    @classmethod
    def read(cls, folder: str) -> Self:
        """The manifest of the job in a folder."""
        return cls.model_validate_json(Folder(folder).read(MANIFEST))
