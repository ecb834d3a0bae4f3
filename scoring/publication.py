"""Making an output appear where it cannot be given its name whole: claimed, put file by file, its summary last."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from scoring.access import called
from scoring.errors import AccountExistsError, OutputClaimedError, OutputExistsError, StoreError
from scoring.held_folder import HeldFolder
from scoring.storage import Folder, at_once

FAILURES = "failures.jsonl"
SUMMARY = "summary.json"
"""Put last: an output that has it is whole."""
CLAIM = ".unfinished.json"
"""Says which job is putting its output into a folder, from before its first file until after its last."""

COMPARE_BYTES = 1 << 20


def taken(url: str) -> OutputExistsError:
    """The refusal of a name in an output folder that is there already."""
    is_account = url.rpartition("/")[2] in {FAILURES, SUMMARY}
    return AccountExistsError(called(url)) if is_account else OutputExistsError(called(url))


class Publication:
    """One job's output on its way into a folder that others may write to as well."""

    def __init__(self, output: Folder, job: str, own: set[str], *, overwrite: bool) -> None:
        """Begin with nothing done.

        Args:
            output: the folder.
            job: whose output it is.
            own: names in the folder that this job wrote when it ended before; they are replaced.
            overwrite: replace what others wrote, too.
        """
        self._output, self._job, self._overwrite = output, job, overwrite
        self._own = set(own)
        self._made: list[str] = []

    def publish(self, staged: Path, names: list[str]) -> None:
        """Put files into the folder, each whole.

        Args:
            staged: the local folder they lie in.
            names: relative to it; the summary is the last.
        Raises: OutputExistsError when a name is taken, OutputClaimedError when another job is at it, StoreError; then
            nothing of this job is left in the folder, as far as the store lets it be removed.
        """
        self._claim(names)
        try:
            self._check_free(names)
            if self._overwrite or SUMMARY in self._own:
                self._output.remove(SUMMARY)  # it would vouch for files that are being replaced
            *others, last = names
            at_once(lambda name: self._put(staged / name, name), others)
            self._put(staged / last, last)
            for name in self._own - {*names}:
                self._output.remove(name)
        except BaseException:
            self._take_back()
            raise
        self._output.remove(CLAIM)

    def _claim(self, names: list[str]) -> None:
        with HeldFolder("claim") as folder:
            claim = folder / CLAIM
            claim.write_text(json.dumps({"job": self._job, "names": names}))
            while not self._could_claim(claim):
                continue

    def _could_claim(self, claim: Path) -> bool:
        """Whether the folder is this job's now; not when it was given up by another just when we looked at it."""
        try:
            self._output.add(claim, CLAIM)
        except FileExistsError:
            try:
                found = json.loads(self._output.read(CLAIM))
            except FileNotFoundError:
                return False
            self._take_over(found, claim)
        return True

    def _take_over(self, found: dict[str, Any], claim: Path) -> None:
        """A claim of this very job, which died while it put its files, is as good as a new one."""
        if found["job"] == self._job:
            self._own |= {*found["names"]}
        elif not self._overwrite:
            raise OutputClaimedError(self._output.url, str(found["job"]), self._output.url_of(CLAIM))
        self._output.write(CLAIM, claim.read_bytes())

    def _check_free(self, names: list[str]) -> None:
        if self._overwrite:
            return

        def check(name: str) -> None:
            if name not in self._own and self._output.exists(name):
                raise taken(self._output.url_of(name))

        at_once(check, names)

    def _put(self, file: Path, name: str) -> None:
        if self._overwrite or name in self._own:
            self._output.put(file, name)
            return
        try:
            self._output.add(file, name)
        except FileExistsError:
            # A put whose answer was lost is asked for again, and then finds itself.
            if not self._has(name, file):
                raise taken(self._output.url_of(name)) from None
        self._made.append(name)

    def _has(self, name: str, file: Path) -> bool:
        """Whether the file of that name is this very file."""
        with self._output.open(name) as there, file.open("rb") as here:
            while (data := here.read(COMPARE_BYTES)) == there.read(COMPARE_BYTES):
                if not data:
                    return True
        return False

    def _take_back(self) -> None:
        with suppress(StoreError):
            for name in (*self._made, CLAIM):
                self._output.remove(name)
