"""Which files have no rows where run() returned: those it gave up itself, and those for which too few came back."""

from scoring.facts import Fault
from scoring.process import Scored


def failed_files(files: int, scored: Scored) -> dict[int, Fault]:
    """Positions of the files that count as failed, in their order, and why; none where there are rows enough.

    What run() gave up itself needs no row. Another short return is not retried either (azure-semantics 2.6). Its
    missing files are told by name where every row names its file; otherwise the last ones are counted, and the reason
    says that it is a count.
    """
    failed = {position: fault.without_traceback() for position, fault in scored.given_up}
    left = [position for position in range(files) if position not in failed]
    if scored.rows >= len(left):
        return failed
    said = f"run() returned {scored.rows} rows for {len(left)} files"
    if scored.named is not None:
        missing = [position for position in left if position not in scored.named]
        message = f"{said}, none of them for this one"
    else:
        missing = left[scored.rows :]
        message = f"{said}; no row names its file, so it is not known which are missing: the last count"
    failed |= dict.fromkeys(missing, Fault(error="short_return", message=message))
    return dict(sorted(failed.items()))
