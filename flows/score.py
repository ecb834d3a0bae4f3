"""The flow of a job: resolve, list, score chunks, assemble."""

from collections.abc import Mapping
from functools import partial
from itertools import groupby
from typing import Any

from prefect import flow, get_run_logger, runtime, task, unmapped
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.exceptions import Abort, TerminationSignal
from prefect.futures import PrefectFuture
from prefect.states import Completed, Failed

from blocks.errors import BlockError
from blocks.overrides import Overrides
from blocks.prefect_store import PrefectStore
from blocks.specs import Datastore
from flows import chunks
from flows.access import open_urls
from flows.bases import find_base
from flows.beginning import before_the_flow
from flows.clusters import place_task_runs
from flows.datastores import settle_datastore
from flows.desk import Desk, open_desk
from flows.earlier import earlier_distributions
from flows.errors import JobRefusedError, TurnSkippedError
from flows.first_rows import show_first_rows
from flows.following import Follower
from flows.instances import hold_instances
from flows.labels import label_run
from flows.logs import send_logs, set_up_logs, verdict_logger
from flows.own_state import FINALIZING, is_being_canceled, show_running_as
from flows.paths import DEFAULT_DATASTORE
from flows.progress import Progress
from flows.resolve import read_overrides, resolve
from flows.results import drop_exception, result_key, result_storage
from flows.runs import FLOW_NAME
from flows.summary_page import show_summary
from flows.task_runner import SlotTaskRunner
from flows.turns import hold_turn
from scoring.assemble import assemble
from scoring.base import keep_rows
from scoring.chunk import Report
from scoring.errors import ScoringError, SupersededError
from scoring.job import Job
from scoring.last_records import records_at_any_end
from scoring.listing import ListingSummary, copy_listing, write_listing
from scoring.manifest import MANIFEST, Manifest
from scoring.planning import Chunk, plan_chunks
from scoring.settings import OutputFormat
from scoring.stages import Stages
from scoring.stopping import EarlyEnd, StopRules
from scoring.storage import Folder
from scoring.summary import COMPLETED, WITH_ERRORS, Summary, committed_summary
from scoring.tracking import begin, tracked


@task(
    name="score_minibatch",
    task_run_name="{chunk}",
    persist_result=True,
    retry_condition_fn=chunks.can_heal,
)
def score_minibatch(job: str, chunk: Chunk) -> Report:
    """Score one chunk; parts that already exist are kept, so a retry repeats only what is missing."""
    return chunks.attempt(job, chunk)


@task(name="resolve", persist_result=False)
def resolve_job(input: str, deployment: str | None, output: str | None, settings: Overrides | None) -> Manifest:  # noqa: A002
    """Look up what the job needs and freeze it into the job's folder."""
    store = PrefectStore()
    manifest = resolve(
        store,
        job=runtime.flow_run.id,
        endpoint=endpoint_name(),
        input=input,
        deployment=deployment,
        output=output,
        settings=settings,
        datastore=settle_datastore(store, endpoint_name(), settings),
    )
    if not Folder(manifest.folder).exists(MANIFEST):  # a job that goes on keeps the base and the run that it had
        base = find_base(store, manifest, settings)
        of_base = open_urls(store, base.folder) if base is not None else ()
        manifest = manifest.model_copy(update={"base": base, "datastores": (*manifest.datastores, *of_base)})
        manifest = begin(manifest)
    manifest.write()
    return manifest


def endpoint_name() -> str:
    """The endpoint a job belongs to: its Prefect deployment has the endpoint's name."""
    name = runtime.deployment.name
    if not name:
        raise JobRefusedError(
            "this flow was called directly and so belongs to no endpoint; send the job to one: "
            "batchpoint batch-endpoint invoke --name ENDPOINT --input PATH"
        )
    return str(name)


@task(name="list", persist_result=False)
def list_inputs(job: Job) -> ListingSummary:
    """Find the files to score: those of the input, or of the job whose failed ones are scored."""
    base = job.manifest.base
    if base is not None and base.is_whole:
        return copy_listing(Folder(base.folder), job.folder)
    return write_listing(job.manifest.input, job.folder, include_hidden=job.manifest.settings.include_hidden)


@task(name="assemble", persist_result=False)
def assemble_output(job: Job, end: EarlyEnd | None, stages: Stages) -> Summary:
    """Merge rows, sum the ledger, commit the output."""
    return assemble(job, end=end, stages=stages, earlier=earlier_distributions(PrefectStore()))


@flow(name=FLOW_NAME, task_runner=SlotTaskRunner(), persist_result=False, validate_parameters=True)
def score_job(
    input: str,  # noqa: A002 - the word that users type: -p input=...
    deployment: str | None = None,
    output: str | None = None,
    settings: dict[str, Any] | None = None,
) -> State[Any]:
    """Score a folder of files with an endpoint's deployment.

    Args:
        input: folder or file to score: an absolute path, a URL, or azureml://datastores/NAME/paths/PATH.
        deployment: the deployment to use; the endpoint's default when left out.
        output: folder for predictions, failures and summary; the job's own when left out.
        settings: what this job changes of the deployment's settings.
    Returns: the flow run's final state, with a message that says what happened in numbers.
    """
    set_up_logs()
    stages = before_the_flow()
    try:
        with hold_turn(PrefectStore(), runtime.flow_run.id):
            stages.end("turn")
            job = Job(resolve_job(input, deployment, output, read_overrides(settings)))
            if done := committed_summary(job):
                return as_state(done)
            stages.end("resolve")
            job = job.leased()
            label_run(job.manifest)
            return as_state(tracked(job.manifest, lambda: run_in_turn(job, stages)))
    except TurnSkippedError as error:
        get_run_logger().warning("%s", error)
        return Completed(name="Skipped", message=str(error))
    except SupersededError as error:
        # The flow run is the other run's as well, and its state too: we may not say how it ended.
        get_run_logger().warning("%s", error)
        raise Abort(str(error)) from error
    except TerminationSignal as signal:
        # Prefect's worker tells Prefect's engine beforehand that a SIGTERM means a cancellation. An engine that has not
        # heard of it within a second, as on a busy machine, says Crashed, over the state Cancelling.
        if is_being_canceled(runtime.flow_run.id):
            get_run_logger().info("The job was canceled.")
            raise Abort("The job was canceled.") from signal
        raise
    except (JobRefusedError, BlockError, ScoringError) as error:
        return as_failed(str(error))
    finally:
        send_logs()


def run_in_turn(job: Job, stages: Stages) -> Summary:
    """Score a resolved job once its compute has instances free."""
    with hold_instances(job.manifest.compute, job.manifest.instance_count, runtime.flow_run.id):
        stages.end("wait")
        return run(job, stages)


def run(job: Job, stages: Stages) -> Summary:
    """Score a resolved job on its slots and commit its output."""
    runner = sized_task_runner(job.manifest)
    with records_at_any_end(job, stages), open_desk(job, runner) as desk:
        stages.end("environment")
        desk.start_early()
        list_inputs(job)
        stages.end("list")
        keep_rows_of_base(job)
        stages.end("keep")
        size = job.manifest.settings.mini_batch_size
        progress = Progress(job.listing.files, size, job.manifest.slots, job.count_done())
        end = score_all(job, desk, runner, stages, progress)
        stages.end("score")
        stages.seconds.update(desk.first_start)
        show_running_as(runtime.flow_run.id, FINALIZING)
        for fault in desk.close():
            get_run_logger().warning("shutdown() of the scoring script failed: %s", fault)
        summary = assemble_output(job, end, stages)
        progress.end(summary.files.scored, summary.files.failed)
        say_layout(summary, job.manifest.settings.rows_format)
        say_stages(summary)
        show_first_rows(summary, job.manifest.settings.rows_format)
        show_summary(summary)
        return summary


def keep_rows_of_base(job: Job) -> None:
    """Take over the rows of an earlier job, if the job has one, and tell how many or why not."""
    base = job.manifest.base
    if base is None:
        return
    if base.differs:
        get_run_logger().warning("All files are scored, and no rows of job %s kept: %s", base.job, base.differs)
        return
    files = keep_rows(job)
    get_run_logger().info("Kept the rows of %d of %d files from job %s", files, job.listing.files, base.job)


def score_all(job: Job, desk: Desk, runner: SlotTaskRunner, stages: Stages, progress: Progress) -> EarlyEnd | None:
    """Map score_minibatch over the job's chunks and follow it to the end; why that comes early, or None."""
    planned = plan_chunks(job.mini_batches, job.manifest.slots)
    rules = StopRules(job.manifest.settings, job.listing.files, job.manifest.slots, planned)
    rules.count(scored=progress.done, failed=0)
    follower = Follower(desk, progress, runner, rules)
    futures = submit(job, planned)
    stages.end("cluster")
    return follower.follow(futures)


def sized_task_runner(manifest: Manifest) -> SlotTaskRunner:
    """The flow's task runner, sized. Another one by with_options() would start a second flow run for each job."""
    context = FlowRunContext.get()
    assert context is not None
    assert isinstance(context.task_runner, SlotTaskRunner)
    place_task_runs(context.task_runner, manifest)
    return context.task_runner


def submit(job: Job, planned: list[Chunk]) -> list[PrefectFuture[Report]]:
    """Map score_minibatch over the chunks; those of one length share Prefect's outer timeout, and so one map."""
    settings = job.manifest.settings
    datastore = PrefectStore().get(Datastore, job.manifest.datastore or DEFAULT_DATASTORE)
    configured = score_minibatch.with_options(
        retries=settings.retry_settings.max_retries,
        result_storage=result_storage(datastore),
        result_storage_key=result_key(job.manifest.job),
        on_failure=[partial(drop_exception, datastore.root)],
    )
    futures: list[PrefectFuture[Report]] = []
    for _, alike in groupby(planned, key=len):
        group = list(alike)
        guard = chunks.guard_seconds(group[0], settings)
        mapped = configured.with_options(timeout_seconds=guard).map(job=unmapped(job.manifest.folder), chunk=group)
        futures.extend(mapped)
    return futures


def say_layout(summary: Summary, layout: OutputFormat) -> None:
    """Tell what the rows look like; who comes from Azure expects no header, and spaces where there are commas."""
    if summary.rows_file is None or not summary.rows:
        return
    hint = ""
    if layout == OutputFormat.CSV:
        hint = "; it has a header and commas: settings.output_format: azureml writes Azure's layout"
    columns = f" with columns {', '.join(summary.columns)}" if summary.columns else ""
    get_run_logger().info("%d rows%s in %s%s", summary.rows, columns, summary.rows_file, hint)


def say_stages(summary: Summary) -> None:
    """Tell what the time went into; summary.json says it too."""
    get_run_logger().info("Seconds of each stage: %s", spelled(summary.timings))


def spelled(timings: Mapping[str, float]) -> str:
    """Stages and their seconds, for a log."""
    return ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in timings.items())


def as_state(summary: Summary) -> State[Any]:
    """The flow run's final state: a tolerated failure is Completed, with another name."""
    if summary.state == COMPLETED:
        return Completed(message=summary.said)
    if summary.state == WITH_ERRORS:
        return Completed(name=WITH_ERRORS, message=summary.said)
    return as_failed(summary.said)


def as_failed(message: str) -> State[Any]:
    """The final state of a job that failed; its log ends with the same sentence."""
    verdict_logger().error("%s", message)
    return Failed(message=message)
