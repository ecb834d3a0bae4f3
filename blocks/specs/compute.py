"""Computes as declared."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from blocks.specs.base import DESCRIPTION, TAGS, AssetName, Spec, TextMap
from scoring.quantities import Bytes


class Compute(Spec):
    """Where jobs run, and how much of it they may take together."""

    word = "compute"

    name: AssetName = Field(description="The compute's name.")
    type: Literal["local", "dask"] = Field(
        "local", description="What it is: local is the machine that the worker runs on; dask is a Dask cluster."
    )
    min_instances: int = Field(0, ge=0, description="Instances kept ready; a local compute keeps none.")
    max_instances: int = Field(1, ge=1, description="Most instances that all jobs on it use together.")
    memory: Bytes | None = Field(
        None,
        description="Memory of an instance, such as 16GB: its scoring processes may take equal parts of it, unless "
        "settings.memory_limit says otherwise. Left out, as much as there is.",
    )
    shares_files: bool = Field(
        True,
        description="Whether its instances find the files of this machine under the same paths. Where they do not, a "
        "local input is copied to the default datastore when a job is sent; datastores they must find.",
    )
    address: str | None = Field(
        None, min_length=1, description="Of a Dask cluster that exists: where its scheduler listens, tcp://HOST:PORT."
    )
    cluster_class: str | None = Field(
        None,
        min_length=1,
        description="The class that makes a Dask cluster for each job, as dask_kubernetes.operator.KubeCluster; an "
        "instance is one of its Dask workers, with a thread for each scoring process.",
    )
    cluster_kwargs: dict[str, Any] = Field(default_factory=dict, description="What cluster_class is called with.")
    description: str = Field("", description=DESCRIPTION)
    tags: TextMap = Field(default_factory=dict, description=TAGS)

    @property
    def key(self) -> tuple[str, ...]:
        return (self.name,)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_instances > self.max_instances:
            raise ValueError(
                f"min_instances is {self.min_instances} but max_instances is {self.max_instances}; "
                "min_instances may be at most max_instances"
            )
        return self

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [name for name in ("address", "cluster_class", "cluster_kwargs") if getattr(self, name)]
        if self.type == "local" and given:
            raise ValueError(f"a compute of type local has no {given[0]}; write type: dask, or remove {given[0]}")
        if self.type == "local" and not self.shares_files:
            raise ValueError("a compute of type local is this machine and has its files; remove shares_files")
        if self.type == "dask" and ("address" in given) == ("cluster_class" in given):
            raise ValueError(
                "a compute of type dask has either an address (tcp://HOST:PORT of a scheduler that runs) or a "
                "cluster_class that makes a cluster for each job; give one of the two"
            )
        if "address" in given and "cluster_kwargs" in given:
            raise ValueError("cluster_kwargs are what cluster_class is called with; with an address, remove them")
        return self
