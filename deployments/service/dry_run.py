"""What a job would do, tried on this machine with a few of its files: nothing is registered, sent or kept."""

import uuid

from blocks.specs import Endpoint
from blocks.store import Store
from deployments.service.datastores import ensure_default_datastore
from deployments.service.errors import about
from deployments.service.submission import Request, absolute, check_input, pinned
from flows.paths import choose_datastore
from flows.resolve import adjust, find_deployment, resolve
from scoring.dry_run import FILES, try_out
from scoring.findings import Findings, findings


def dry_run(store: Store, request: Request, *, files: int = FILES) -> Findings:
    """Score a few files of what a job would score, with what it would score them with.

    Its environment is built, if it is not there yet, and kept as a job would keep it.

    Args:
        store: where registered things are looked up.
        request: the job as it would be sent.
        files: how many, at most; at least 2.
    Raises: as `submission.submit`, for all that can be seen without Prefect; EnvironmentUnusableError.
    """
    with about("deployment_name"):
        deployment = find_deployment(store, request.endpoint, request.deployment)
    ensure_default_datastore(store)
    with about("input"):
        given = pinned(store, request.input)
        check_input(store, given, request.input_type, adjust(deployment, request.overrides))
    endpoint = store.get(Endpoint, request.endpoint)
    manifest = resolve(
        store,
        job=f"dry-run-{uuid.uuid4()}",
        endpoint=endpoint.name,
        input=given,
        deployment=deployment.name,
        output=absolute(request.output) if request.output else None,
        settings=request.overrides,
        datastore=choose_datastore(store, endpoint, request.overrides),
        is_here=True,
    )
    return findings(try_out(manifest, files=files), manifest)
