"""Prefect's own doors to an endpoint, as its pages and its command line use them."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId, FlowRunFilter, FlowRunFilterTags
from prefect.client.schemas.objects import FlowRun
from prefect.states import Scheduled

from blocks.specs import Endpoint
from deployments.service import endpoints, jobs
from deployments.service.job_log import Line
from deployments.service.sending import prefect_deployment_of
from deployments.service.streaming import follow
from tests.jobs.conftest import ENDPOINT, Board, board  # noqa: F401 - board is a fixture

pytestmark = [pytest.mark.server, pytest.mark.slow]


def test_the_options_that_the_page_about_the_server_names_do_what_it_says(board: Board, tmp_path: Path) -> None:  # noqa: F811
    settings, variables = {"mini_batch_size": 1}, {"COLOUR": "blue"}
    run = [sys.executable, "-m", "prefect", "deployment", "run", f"batch-endpoint/{ENDPOINT}", "--watch"]
    given = [f"input={board.files('a.txt', 'b.txt')}", "deployment=names", f"output={tmp_path / 'out'}"]
    parameters = [word for each in [*given, f"settings={json.dumps(settings)}"] for word in ("-p", each)]
    others = ["--flow-run-name", "friday", "--job-variable", f"env={json.dumps(variables)}"]
    done = subprocess.run([*run, *parameters, *others], capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out/predictions.csv").read_text().split() == ["prediction", "a.txt", "b.txt"]
    job = next(each for each in jobs.list_all(board.store, board.client, most=5) if each.display_name == "friday")
    assert (job.status, job.settings) == ("Completed", settings)
    # The variable of one run is added to the endpoint's own, by which the script's lines reach the job's log.
    logged = [news.text for news in follow(board.client, str(job.id)) if isinstance(news, Line)]
    assert any("the script is ready: None blue" in line for line in logged)


def test_a_cron_schedule_made_in_prefects_pages_sends_jobs_and_outlives_changes_of_the_endpoint(board: Board) -> None:  # noqa: F811
    endpoint = prefect_deployment_of(board.client, ENDPOINT)
    schedules = f"{str(board.client.api_url).rstrip('/')}/deployments/{endpoint.id}/schedules"
    cron = {"cron": "30 6 * * 1-5", "timezone": "Europe/Berlin", "day_or": True}
    wanted = {"active": True, "schedule": cron, "parameters": {"input": board.files("a.txt")}, "slug": None}
    made = httpx.post(schedules, json=[wanted]).raise_for_status().json()[0]
    try:
        endpoints.update(board.store, board.launcher, Endpoint(name=ENDPOINT))
        (kept,) = httpx.get(schedules).raise_for_status().json()
        assert (kept["schedule"], kept["parameters"], kept["active"]) == (cron, wanted["parameters"], True)
        first = _next_run(board, endpoint.id)
        board.client.set_flow_run_state(first.id, Scheduled(), force=True)  # as if it were that time
        ended = board.wait(jobs.read(board.client, str(first.id)), lambda now: now.has_ended)
        assert (ended.status, ended.deployment_name) == ("Completed", "names")
    finally:
        httpx.delete(f"{schedules}/{made['id']}").raise_for_status()


def _next_run(board: Board, endpoint: object) -> FlowRun:  # noqa: F811
    """The first of the flow runs that Prefect makes beforehand for a schedule, which it does within seconds."""
    wanted = DeploymentFilter(id=DeploymentFilterId(any_=[endpoint]))
    automatic = FlowRunFilter(tags=FlowRunFilterTags(all_=["auto-scheduled"]))
    deadline = time.monotonic() + 60
    while not (found := board.client.read_flow_runs(deployment_filter=wanted, flow_run_filter=automatic, limit=1)):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return found[0]
