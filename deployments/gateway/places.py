"""What callers are shown of where things lie: URLs and references, and no paths of the gateway's machine."""

from urllib.parse import urlsplit

from deployments.gateway.reach import LOCAL
from scoring.summary import OUTPUT_AT, Summary


def shown_place(*spellings: str | None) -> str | None:
    """The first way to write a place that says something to callers; None when each is a path of this machine."""
    return next((place for place in spellings if place is not None and not _is_path(place)), None)


def shown_sentence(message: str | None) -> str | None:
    """What happened to a job, without where its output is if that is a path of this machine."""
    said, _, place = (message or "").rpartition(OUTPUT_AT)
    return said if said and _is_path(place) else message


def shown_summary(summary: Summary, sent_input: str | None, url: str) -> Summary:
    """What a job came to, with the gateway's URL of its rows where the output is a path of this machine."""
    return summary.model_copy(
        update={
            "input": shown_place(sent_input, summary.input) or "",
            "output": shown_place(summary.output) or url,
        }
    )


def _is_path(place: str) -> bool:
    return urlsplit(place).scheme in LOCAL and not place.startswith("/subscriptions/")
