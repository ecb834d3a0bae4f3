"""Which processes run which flow runs: Prefect's worker says so in their environment."""

from collections.abc import Iterable

import psutil

VARIABLE = "PREFECT__FLOW_RUN_ID"


def own_flow_runs() -> dict[str, psutil.Process]:
    """The processes that this worker started for flow runs and that have not ended, by the flow run's id."""
    return by_flow_run(psutil.Process().children())


def by_flow_run(candidates: Iterable[psutil.Process]) -> dict[str, psutil.Process]:
    """Those of the processes that were started for a flow run, by its id."""
    found = {}
    for process in candidates:
        try:
            told = process.environ().get(VARIABLE)
        except psutil.Error:  # it ended, or belongs to somebody else
            continue
        if told:
            found[told] = process
    return found
