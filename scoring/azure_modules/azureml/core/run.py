"""The job that a script runs in."""

import logging
import os

logger = logging.getLogger("Run")


class Run:
    """The job; what is logged of it becomes lines of its log."""

    def __init__(self):
        self.id = os.environ.get("AZUREML_RUN_ID", "")

    @classmethod
    def get_context(cls, allow_offline=True):
        """The job that the script runs in."""
        return cls()

    def log(self, name, value, description="", step=None):
        """Log a metric."""
        logger.info("%s = %s", name, value)

    def log_list(self, name, value, description=""):
        """Log a list of values."""
        logger.info("%s = %s", name, value)

    def log_row(self, name, description=None, **kwargs):
        """Log a row of values."""
        logger.info("%s = %s", name, kwargs)

    def flush(self, timeout_seconds=300):
        """Do nothing: lines are not held back."""
