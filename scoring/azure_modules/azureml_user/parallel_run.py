"""Where a scoring script is, as Azure tells it. Source: azure-semantics 2.5."""

import logging
import os


class EntryScript:
    """What a scoring script may ask about its process; every EntryScript() says the same.

    Attributes:
        logger: its lines are in the job's log.
        output_dir: AZUREML_BI_OUTPUT_PATH, where files of its own are published from.
        working_dir: the process's own folder, which is removed at its end.
        log_dir: a folder in there.
        agent_name: process000 for the first slot.
    """

    logger = logging.getLogger("EntryScript")
    working_dir = os.getcwd()
    output_dir = os.environ.get("AZUREML_BI_OUTPUT_PATH", working_dir)
    agent_name = os.environ.get("AZUREML_PROCESS_NAME", "process000")

    @property
    def log_dir(self):
        """A folder for files of the script's that nobody needs afterwards."""
        folder = os.path.join(self.working_dir, "logs")
        os.makedirs(folder, exist_ok=True)
        return folder
