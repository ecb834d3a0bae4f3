"""Uses what scripts written for Azure import, and tells what it was told."""

import os

from azureml.core import Run
from azureml.core.model import Model
from azureml_user.parallel_run import EntryScript

entry_script = EntryScript()


def init():
    entry_script.logger.info("logged by the entry script")
    Run.get_context().log("accuracy", 0.5)
    assert os.path.isdir(entry_script.log_dir)
    assert entry_script.output_dir == os.environ["AZUREML_BI_OUTPUT_PATH"]
    assert Run.get_context().id == os.environ["AZUREML_RUN_ID"]


def run(mini_batch):
    device = os.environ.get("CUDA_VISIBLE_DEVICES", "none")
    model = os.path.basename(Model.get_model_path("any"))
    return [f"{entry_script.agent_name} {device} {model}" for _ in mini_batch]
