"""Deployments that name no script: what is filled in where the model's kind needs none."""

from pathlib import Path

from pydantic import ValidationError

from blocks.problems import problems_in
from blocks.references import find_model
from blocks.specs import CodeConfiguration, Deployment, Environment, Model
from blocks.store import Store
from deployments.declarations.document import read
from deployments.declarations.errors import DeclarationError
from deployments.service import sources
from deployments.service.errors import UnusableError, about
from scoring import ready_script

REQUIREMENTS, PYTHON, CONDA = "requirements.txt", "python_env.yaml", "conda.yaml"
"""What MLflow writes beside a model: what to install, on which Python, and both together as conda has it."""


def fill_in(store: Store, deployment: Deployment) -> Deployment:
    """The deployment with a script, and with the environment that MLflow wrote beside its model where it names none.

    Raises: UnusableError where the model's kind needs a script; NotRegistered; as sources.at_hand.
    """
    if deployment.code_configuration is not None:
        return deployment
    model = find_model(store, deployment.model) if isinstance(deployment.model, str) else deployment.model
    code = CodeConfiguration(code=str(ready_script.CODE), scoring_script=ready_script.SCRIPT)
    environment = deployment.environment
    is_saved_by_mlflow = model.type == ready_script.SAVED_BY_MLFLOW
    if environment is None or not is_saved_by_mlflow:
        with about("model"), sources.at_hand(store, model.path, "path") as path:
            if not is_saved_by_mlflow:
                _check(model, path)
            elif environment is None:
                environment = _declared(model, path)
    return deployment.model_copy(update={"code_configuration": code, "environment": environment})


def scripted(deployment: Deployment) -> CodeConfiguration:
    """The script of a deployment that has been filled in."""
    assert deployment.code_configuration is not None
    return deployment.code_configuration


def environment_of(model: Model, path: Path) -> Environment | None:
    """The environment that MLflow wrote down with a model; None where it did not.

    Args:
        model: its name becomes part of the environment's.
        path: its folder, or the folder that holds that.
    """
    folder = next((file.parent for file in sorted(path.rglob("MLmodel"))), None)
    if folder is None:
        return None
    said: dict[str, object] = {"name": f"{model.name}-mlflow", "python": _python(folder)}
    if (folder / CONDA).exists():
        return Environment.model_validate(said | {"conda_file": read(folder / CONDA).data})
    if (folder / REQUIREMENTS).exists():
        lines = (line.strip() for line in (folder / REQUIREMENTS).read_text().splitlines())
        return Environment.model_validate(
            said | {"requirements": [line for line in lines if line[:1] not in ("", "#")]}
        )
    return None


def _declared(model: Model, path: Path) -> Environment | None:
    try:
        return environment_of(model, path)
    except DeclarationError as error:
        raise _unreadable(model, str(error)) from error
    except ValidationError as error:
        raise _unreadable(model, problems_in(Environment, error)[0].sentence) from error


def _unreadable(model: Model, why: str) -> UnusableError:
    return UnusableError(
        f"what MLflow wrote beside model {model.name!r} to install cannot be used: {why}; say what the model needs "
        "under environment, or write environment: {python: batchpoint}"
    )


def _check(model: Model, path: Path) -> None:
    if not path.exists():
        return  # registering it says so
    try:
        ready_script.check(path)
    except ValueError as error:
        raise UnusableError(
            f"there is no code_configuration, and model {model.name!r} {error}; write code and scoring_script, or, "
            "where MLflow saved the model, register it with type: mlflow_model"
        ) from error


def _python(folder: Path) -> str | None:
    """The Python that a model was saved with, in any patch: a machine has one of each as a rule."""
    if not (folder / PYTHON).exists():
        return None
    return ".".join(str(read(folder / PYTHON).data.get("python", "")).split(".")[:2]) or None
