"""A job has one run in a tracking store, however often it goes on."""

from pathlib import Path

import pytest

from deployments.service import resumption
from tests.flows.conftest import Jobs

pytestmark = [pytest.mark.server, pytest.mark.slow]
mlflow = pytest.importorskip("mlflow")

WAITS_FOR_A_FILE = """
    import os
    def init():
        if not os.path.exists(os.environ["GO_ON"]): raise RuntimeError("not yet")
    def run(mini_batch): return mini_batch
"""


def test_a_job_that_failed_and_is_resumed_ends_its_one_run_again(jobs: Jobs, tmp_path: Path) -> None:
    store, go_on = f"sqlite:///{tmp_path}/mlflow.db", tmp_path / "go-on"
    variables = {"GO_ON": str(go_on)}
    endpoint = jobs.endpoint(WAITS_FOR_A_FILE, tracking_uri=store, environment_variables=variables)
    job = jobs.send(endpoint, input=jobs.files(2))
    assert jobs.finish(job).state_name == "Failed"
    client = mlflow.MlflowClient(tracking_uri=store)
    experiment = client.get_experiment_by_name(endpoint).experiment_id
    [failed] = client.search_runs([experiment])
    assert failed.info.status == "FAILED"
    go_on.touch()
    resumption.resume(jobs.store, jobs.client, job)
    assert jobs.wait(job, lambda run: run.state_name == "Completed")
    [finished] = client.search_runs([experiment])
    assert (finished.info.run_id, finished.info.status) == (failed.info.run_id, "FINISHED")
    assert finished.data.metrics == {"files_scored": 2, "files_failed": 0}
    assert finished.data.tags["batchpoint.job"] == job
