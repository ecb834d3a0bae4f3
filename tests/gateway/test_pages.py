"""Prefect's own pages in a browser: an endpoint's form is filled in, a wrong value refused, and its job watched."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, ArtifactFilterKey
from prefect.client.schemas.schedules import CronSchedule

from deployments.embedded import Connection
from tests.jobs.conftest import ENDPOINT, Board, board  # noqa: F401 - board is a fixture

CHROMIUM = shutil.which("chromium") or ""
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SWITCHES += ["--disable-component-update", "--disable-sync"]
HOSTILE = "<b>_a_ | `b`.txt"
PATIENCE = 30_000
"""Milliseconds that a page may take on a busy machine."""

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed; on Debian: apt-get install chromium"),
]


@pytest.fixture
def page(server: Connection, board: Board) -> Iterator[Page]:  # noqa: F811
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        page = browser.new_page(viewport={"width": 1300, "height": 1200})
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        found = board.client.read_deployment_by_name(f"batch-endpoint/{ENDPOINT}")
        page.goto(f"{server.ui_url}/deployments/deployment/{found.id}", wait_until="commit")
        yield page
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=Path(folder) / "last.png", full_page=True)
        browser.close()


def test_a_job_is_sent_by_the_form_of_its_endpoint_and_its_summary_is_on_its_page(
    page: Page,
    board: Board,  # noqa: F811
    server: Connection,
) -> None:
    page.get_by_text("Description", exact=True).first.click()
    expect(page.get_by_text("Default deployment names.")).to_be_visible()
    expect(page.get_by_text(f"batchpoint batch-endpoint invoke --name {ENDPOINT} --input PATH")).to_be_visible()

    page.get_by_role("button", name="Run", exact=True).first.click()
    page.get_by_text("Custom run").first.click()
    for said in (
        "Now: 10.",
        "Folder or file to score",
        "left out, the default: names.",
        "left out, the job's own",
        "Most files handed",
    ):
        expect(page.get_by_text(said).first).to_be_visible()

    page.locator("textarea").first.fill(board.files(HOSTILE, "b.txt"))
    mini_batch_size = page.locator("input[type=number]").nth(1)
    mini_batch_size.fill("0")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("0 is less than the minimum of 1").first).to_be_visible()

    mini_batch_size.fill("1")
    deployment = page.locator(".p-select-button__control").first
    deployment.focus()
    for key in ("ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".p-select-button__value").first).to_have_text("names")
    page.locator("input[type=text]").first.fill("from-the-page")
    with page.expect_response(lambda answer: answer.url.endswith("/create_flow_run") and answer.ok) as sent:
        page.get_by_role("button", name="Submit").click()

    run = UUID(sent.value.json()["id"])
    page.goto(f"{server.ui_url}/runs/flow-run/{run}", wait_until="commit")
    expect(page.get_by_text("Completed", exact=True).first).to_be_visible()
    expect(page.get_by_text("from-the-page").first).to_be_visible()
    for tag in (f"endpoint:{ENDPOINT}", "deployment:names"):
        expect(page.get_by_text(tag, exact=True).first).to_be_visible()

    go_to_artifact(page, board, server, run, "summary")
    expect(page.get_by_role("heading", name="Completed")).to_be_visible()
    expect(page.get_by_text("2 files scored").first).to_be_visible()
    expect(page.get_by_role("cell", name="report.html")).to_be_visible()
    go_to_artifact(page, board, server, run, "first-rows")
    for file in (HOSTILE, "b.txt"):
        expect(page.get_by_text(file, exact=True)).to_be_visible()
    go_to_artifact(page, board, server, run, "progress")
    expect(page.get_by_text("2 of 2 files, 0 failed").first).to_be_visible()


def go_to_artifact(page: Page, board: Board, server: Connection, run: UUID, key: str) -> None:  # noqa: F811
    of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]), key=ArtifactFilterKey(any_=[key]))
    (artifact,) = board.client.read_artifacts(artifact_filter=of_run)
    page.goto(f"{server.ui_url}/artifacts/artifact/{artifact.id}", wait_until="commit")


def test_a_cron_schedule_is_made_by_the_dialog_of_an_endpoints_page(page: Page, board: Board) -> None:  # noqa: F811
    """What becomes of such a schedule, test_prefects_doors tells."""
    folder = board.files("a.txt")
    page.get_by_role("button", name="Schedule").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Cron", exact=True).first.click()
    dialog.locator("input[type=text]").last.fill("30 6 * * 1-5")
    expect(dialog.get_by_text("At 06:30 AM, Monday through Friday")).to_be_visible()
    dialog.get_by_role("button", name="Select parameters to override for this schedule").focus()
    for key in ("ArrowDown", "Enter", "Tab"):
        page.keyboard.press(key)
    expect(dialog.get_by_text("Folder or file to score")).to_be_visible()
    dialog.locator("textarea").fill(folder)
    with page.expect_response(lambda answer: answer.url.endswith("/schedules") and answer.ok):
        dialog.get_by_role("button", name="Save").click()
    endpoint = board.client.read_deployment_by_name(f"batch-endpoint/{ENDPOINT}")
    (made,) = endpoint.schedules
    board.client.delete_deployment_schedule(endpoint.id, made.id)
    assert isinstance(made.schedule, CronSchedule)
    assert (made.schedule.cron, made.parameters, made.active) == ("30 6 * * 1-5", {"input": folder}, True)
