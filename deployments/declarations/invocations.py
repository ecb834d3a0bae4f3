"""What Azure's command lines and YAML may say when an endpoint is invoked, in our words."""

from collections.abc import Iterable
from typing import Any

from deployments.declarations.document import Document, Keys
from deployments.declarations.errors import DeclarationError
from deployments.declarations.yaml import parse

LIFTED = ("settings", "compute", "resources")
"""Where Azure's batch jobs and our deployments have what one level holds here."""
INPUT_SPELLINGS = {"value": "default", "uri": "path", "jobInputType": "type", "job_input_type": "type"}
OUTPUT_SPELLINGS = {"uri": "path", "jobOutputType": "type", "job_output_type": "type"}
LEVELS = 2
EXAMPLES = {"inputs": "--inputs top_k=5 images.path=data images.type=uri_folder", "outputs": "--outputs score.path=out"}
DATASTORE = ("output_dataset", "datastore_id")
DATASTORE_PATH = ("output_dataset", "path")


def accept_invocation(document: Document) -> None:
    """Make an invocation that is written for Azure one of ours, in place."""
    for holder in LIFTED:
        _lift(document, holder)
    _name_parts(document, "inputs", INPUT_SPELLINGS, plain="default")
    _name_parts(document, "outputs", OUTPUT_SPELLINGS, plain="path")
    _output_dataset(document)


def put_named(document: Document, holder: str, words: Iterable[str], plain: str) -> None:
    """Take in what stands behind `--inputs` or `--outputs`: NAME=VALUE, NAME.KEY=VALUE, or a mapping in {}.

    Args:
        document: what takes it in.
        holder: inputs or outputs.
        words: as typed. Values are text as it is, a literal input may hold any.
        plain: the key that NAME=VALUE means.
    Raises: DeclarationError.
    """
    for word in words:
        place = f"--{holder} {word}"
        target, equals, text = word.partition("=")
        keys = target.strip().split(".")
        if word.startswith("{"):
            for name, written in parse(word, place)[0].items():
                document.put((holder, name), written, place)
        elif equals and len(keys) <= LEVELS and all(keys):
            document.put((holder, *keys, plain)[: LEVELS + 1], text, place)
        else:
            raise DeclarationError(f"{place}: write --{holder} NAME=VALUE or NAME.KEY=VALUE, as in {EXAMPLES[holder]}")


def _lift(document: Document, holder: str) -> None:
    """Have what is written below a key at the root."""
    below = document.get((holder,))
    if not isinstance(below, dict):
        return
    document.take((holder,))
    for key, value in below.items():
        there = document.get((key,))
        merged = {**value, **there} if isinstance(value, dict) and isinstance(there, dict) else value
        document.put((key,), merged, document.place((holder, key)))
    lifted = {path[1:]: place for path, place in document.places.items() if path[0] == holder and len(path) > 1}
    document.places = lifted | document.places


def _name_parts(document: Document, holder: str, spellings: dict[str, str], plain: str) -> None:
    """Spell the parts of each input or output our way; a bare value is its `plain` part."""
    named = document.get((holder,))
    if not isinstance(named, dict):
        return
    for name, written in list(named.items()):
        at: Keys = (holder, name)
        if not isinstance(written, dict):
            document.put(at, {plain: written}, document.place(at))
            continue
        document.take((*at, "mode"))  # how files are reached is decided by where they are
        for azures, ours in spellings.items():
            if azures in written:
                document.move((*at, azures), (*at, ours))


def _output_dataset(document: Document) -> None:
    """The older way to say where the output goes: a datastore, and a path in it."""
    place = document.place(DATASTORE)
    datastore: Any = document.get(DATASTORE)
    if datastore is None:
        return
    document.take(DATASTORE)
    name = str(datastore).removeprefix("azureml:").rpartition("/datastores/")[2]
    below = str(document.take(DATASTORE_PATH) or "").strip("/")
    document.put(("output_path",), f"azureml://datastores/{name}/paths/{below}", place)
    if not document.get(DATASTORE[:1]):
        document.take(DATASTORE[:1])
