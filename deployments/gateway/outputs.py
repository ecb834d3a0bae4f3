"""What a job wrote and says, over HTTP: rows, failures, summary, and news as they come."""

from collections.abc import Iterator
from contextlib import closing
from typing import Annotated, BinaryIO, Literal

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from deployments.gateway.callers import InUse
from deployments.gateway.jobs import Found
from deployments.gateway.places import shown_sentence, shown_summary
from deployments.service.errors import ConflictError
from deployments.service.job_files import manifest_of, summary_of
from deployments.service.job_log import Line
from deployments.service.job_records import Job
from deployments.service.streaming import Progress, follow
from scoring.publication import FAILURES, SUMMARY
from scoring.storage import Folder
from scoring.summary import Summary

PIECE = 1 << 18
KINDS = {
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".parquet": "application/vnd.apache.parquet",
}

router = APIRouter(tags=["outputs"])
Output = Annotated[Literal["score", "failures", "summary"], Path(description="score is the file of rows.")]


@router.get("/endpoints/{endpoint}/jobs/{job}/outputs/{output}", response_class=StreamingResponse)
def show_output(output: Output, request: Request, system: InUse, found: Found) -> Response:
    """Send one file that a job wrote: its rows, its failures or its summary."""
    if not found.has_ended:
        raise ConflictError(f"job {found.name!r} is {found.status}; its output is there when it has ended")
    manifest = manifest_of(system.store, found)
    summary = summary_of(system.store, manifest) if manifest is not None else None
    if manifest is None or summary is None:
        raise ConflictError(
            f"job {found.name!r} left no output; it ended {found.status}: {shown_sentence(found.state_message)}"
        )
    name = _file(found, summary, output)
    headers = {"Content-Disposition": f'attachment; filename="{name.rpartition("/")[2]}"'}
    if output == "summary":
        shown = shown_summary(summary, found.sent_input, _rows_url(request))
        return Response(shown.model_dump_json(indent=2), media_type=KINDS[".json"], headers=headers)
    file = Folder(manifest.output).open(name)
    if output == "score" and summary.sha256:
        headers["ETag"] = f'"{summary.sha256}"'
    kind = KINDS.get(f".{name.rpartition('.')[2]}", "application/octet-stream")
    return StreamingResponse(_pieces(file), media_type=kind, headers=headers)


@router.get("/endpoints/{endpoint}/jobs/{job}/logs", response_class=EventSourceResponse)
def follow_job(system: InUse, found: Found) -> Iterator[ServerSentEvent]:
    """Send a job's news as server-sent events until it has ended: line, progress and job."""
    for news in follow(system.client, str(found.id)):
        if isinstance(news, Line):
            yield ServerSentEvent(
                event="line", data={"at": news.at.isoformat(), "level": news.level, "text": news.text}
            )
        elif isinstance(news, Progress):
            yield ServerSentEvent(event="progress", data={"percent": news.percent, "text": news.text})
        else:
            yield ServerSentEvent(
                event="job",
                data={"name": news.name, "status": news.status, "message": shown_sentence(news.state_message)},
            )


def _rows_url(request: Request) -> str:
    return str(request.url_for("show_output", **{**request.path_params, "output": "score"}))


def _file(job: Job, summary: Summary, output: str) -> str:
    """The name of a file in the output folder. Raises: ConflictError."""
    name = {"score": summary.rows_file, "failures": FAILURES, "summary": SUMMARY}[output]
    if name is None or name not in summary.written:
        raise ConflictError(f"job {job.name!r} wrote no {output}; it wrote {', '.join(summary.written)}")
    return name


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with closing(file):
        while piece := file.read(PIECE):
            yield piece
