"""`client.models`."""

from pathlib import Path

from blocks.specs import Model
from deployments.client.assets import Assets
from deployments.client.system import System
from deployments.service import models


class Models(Assets[Model]):
    """Models, copied when they are registered, in versions that never change.

    >>> client.models.create(Model(name="good-words", path="model")).version
    '1'
    >>> [str(each) for each in client.models.list("good-words")]
    ['azureml:good-words:1']
    >>> client.models.download("good-words", "fetched").name
    'good-words'
    >>> client.models.delete("good-words")
    """

    def __init__(self, system: System) -> None:
        super().__init__(system, Model, models.create, models.delete)

    def download(self, name: str, download_path: str | Path = ".", version: str | None = None) -> Path:
        """Copy a model's files into a folder of its name.

        Returns: the folder, which holds the file or folder that was registered.
        Raises: NotRegistered; JobRefusedError when the copy is not what was registered; ConflictError when the folder
            is there already.
        """
        return models.download(self._system.store, Path(download_path), name, version)
