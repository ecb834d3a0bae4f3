"""The program of the scoring process: it holds the model, calls init() once and run() for each mini-batch.

It runs under the deployment's own interpreter, Python 3.8 or later, with the standard library alone (pandas only when
the script returns a frame, which the script then has imported). Run as

    program.py REQUESTS REPLIES STACK

with the descriptors of two pipes that carry JSON, one object a line. The first request says what to load; then come
{"kind": "score"} and {"kind": "shutdown"}. Rows are appended to a spool file that each request names, so that messages
stay small. The script's stdout and stderr are a pipe of their own and carry no messages. STACK is a file that
faulthandler writes the threads' stacks to: when the script crashes, and when the guardian asks where it hangs.

Source: azure-semantics 2.1 to 2.4 for the contract of init(), run() and shutdown().
"""

import os
import sys

if sys.path and os.path.realpath(sys.path[0] or ".") == os.path.dirname(os.path.realpath(__file__)):
    del sys.path[0]  # our folder must not shadow a module of the script's

import csv
import errno
import faulthandler
import fcntl
import inspect
import json
import logging
import signal
import time
import traceback
from contextlib import suppress
from importlib import import_module
from importlib import util as import_util
from itertools import islice

LONGEST_MESSAGE = 4000
LONGEST_TRACEBACK = 20000
ASKED_FOR_STACK = getattr(signal, "SIGRTMAX", signal.SIGUSR2)  # guardian.py sends it
FIRST_PLAIN_DESCRIPTOR = 3
OF_AZURE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "azure_modules")
READY = os.path.join(os.path.dirname(os.path.realpath(__file__)), "ready")
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}


class WrongReturnError(TypeError):
    """run() returned something that holds no rows."""


class UnkeptError(Exception):
    """Rows cannot be written, through no fault of the script's."""


class Context:
    """What a run() that takes a second argument is told of its mini-batch, and by which it tells of files."""

    def __init__(self, request, script):
        self.__dict__.update(script.literals)
        self.minibatch_index = request["index"]
        self.partition_key_value = None
        self.relative_paths = request["relative_paths"]
        self._files, self._code = request["files"], script.code
        self._given_up = {}

    def give_up(self, path, error):
        """Have a file of the mini-batch counted as failed, with this exception for reason, and need no row for it."""
        if path not in self._files:
            raise ValueError("%r cannot be given up: it is no path of this mini-batch" % (path,))
        self._given_up[self._files.index(path)] = describe(error, self._code)


# --- what run() returned, as rows -----------------------------------------------------------------------------------


def is_frame(value):
    """Whether the value is a pandas DataFrame; pandas is never imported for the question."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame)


def is_series(value):
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.Series)


def without_framework(value):
    """A tensor of PyTorch or TensorFlow as a numpy array; anything else as it is."""
    if isinstance(value, (int, float)):
        return value
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        value = value.detach().cpu()
    if hasattr(value, "shape") and callable(getattr(value, "numpy", None)):
        try:
            return value.numpy()
        except TypeError:
            return value.tolist()  # a type of number that numpy does not know
    return value


def elements(returned):
    """The rows of anything run() may return except a frame, in order.

    Raises: WrongReturnError for None, a scalar, text, bytes, a dict or a set, with what would be right.
    """
    if is_series(returned):
        return list(returned.array)
    returned = without_framework(returned)
    refused = (str, bytes, bytearray, dict, set, frozenset, int, float, complex)
    if returned is not None and not isinstance(returned, refused) and getattr(returned, "shape", None) != ():
        try:
            rows = iter(returned)
        except TypeError:
            rows = None
        if rows is not None:
            return list(rows)
    what = "None" if returned is None else "a value of type %s" % type(returned).__name__
    hint = " (is a return statement missing?)" if returned is None else ""
    if isinstance(returned, (set, frozenset)):
        hint = ", which has no order"
    raise WrongReturnError(
        "run() returned %s%s; it should return a list with one element per file, or a pandas DataFrame" % (what, hint)
    )


def is_missing(value):
    """Whether a cell says that there is no value: None, not-a-number, pandas' NaT and NA."""
    if value is None:
        return True
    if isinstance(value, (str, bytes, dict, list, tuple)) or getattr(value, "shape", ()) != ():
        return False
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return True  # pandas.NA is neither equal nor unequal to anything


def plain(value):
    """A cell as JSON can hold it: numpy scalars and arrays as numbers and lists, a missing value as null."""
    if isinstance(value, (bool, str)):
        return value
    value = without_framework(value)
    if is_missing(value):
        return None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(inner) for inner in value]
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind == "f" and getattr(value, "shape", None) == () and not isinstance(value, float):
        value = float(str(value))  # numpy's shortest text of a float32, not its 17 digits as a float64
    elif hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if value - value == 0 else None  # JSON does not know infinity
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def csv_text(value):
    """A cell as CSV holds it: nothing for a missing value, JSON for what has an inside."""
    if isinstance(value, str):
        return value
    value = without_framework(value)
    if is_missing(value):
        return ""
    if isinstance(value, float):
        return str(value) if type(value).__module__ == "numpy" else repr(float(value))
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        return str(value)
    if isinstance(value, (dict, list, tuple)) or hasattr(value, "tolist"):
        value = plain(value)
        return value if isinstance(value, str) else json.dumps(value)
    return str(value)


def unique(names):
    """Names as text; one that came before gets a number behind it, as pandas does when it reads a file."""
    found = []
    for name in map(str, names):
        number, wanted = 0, name
        while name in found:
            number += 1
            name = "%s.%d" % (wanted, number)
        found.append(name)
    return found


def as_record(row, name):
    """One row as a dict: a dict keeps its names, a sequence becomes columns 0, 1, ..., anything else is one column."""
    row = without_framework(row)
    if isinstance(row, dict) or is_series(row):
        names = [key if type(key) is str else str(key) for key in row.keys()]
        return dict(zip(names if len(set(names)) == len(names) else unique(names), (value for _, value in row.items())))
    if isinstance(row, (list, tuple)) or getattr(row, "shape", ()) != ():
        return {str(position): value for position, value in enumerate(row)}
    return {name: row}


def as_records(rows, name="prediction"):
    """Rows as dicts, and all their columns in order of first appearance."""
    records = [as_record(row, name) for row in rows]
    return records, list(dict.fromkeys(column for record in records for column in record))


def frame_columns(frame):
    return unique("_".join(map(str, name)) if isinstance(name, tuple) else name for name in frame.columns)


def frame_records(frame, columns):
    if not columns:
        return [{} for _ in range(len(frame))]
    return [dict(zip(columns, row)) for row in zip(*(list(frame.iloc[:, at].array) for at in range(len(columns))))]


class Lines:
    """A file for csv.writer that ends each row with one newline.

    csv quotes a field that holds a character of the row's end, and before Python 3.13 no other: rows are therefore
    written to end in both, else a carriage return inside a field would read as the end of its row.
    """

    def __init__(self):
        self.rows = []

    def write(self, row):
        self.rows.append(row[:-2] + "\n")


def csv_of_records(records, columns):
    lines = Lines()
    writer = csv.writer(lines, lineterminator="\r\n")
    for record in records:
        writer.writerow([csv_text(record[column]) if column in record else "" for column in columns])
    return "".join(lines.rows)


def csv_of_frame(frame, columns):
    text = frame.to_csv(header=False, index=False)
    return csv_of_records(frame_records(frame, columns), columns) if "\r" in text else text


def jsonl_of_records(records):
    return "".join(json.dumps(plain(record), ensure_ascii=False) + "\n" for record in records)


def encode(returned, layout):
    """What run() returned as text of the job's layout, its number of rows, and its columns.

    `layout` is csv (fields quoted as RFC 4180 says, no header: that is written once, at the merge), jsonl, azureml
    (azure-semantics 2.3, byte for byte), or none, where rows are only counted.
    """
    if layout == "none":
        return "", len(returned), []
    if is_frame(returned):
        columns = frame_columns(returned)
        if layout == "azureml":
            return returned.to_csv(header=False, index=False, sep=" "), len(returned), columns
        if layout == "csv":
            return csv_of_frame(returned, columns), len(returned), columns
        return jsonl_of_records(frame_records(returned, columns)), len(returned), columns
    name = "prediction"
    if is_series(returned) and returned.name is not None:
        name = str(returned.name)
    rows = elements(returned)
    if layout == "azureml":
        return "".join("{}\n".format(row) for row in rows), len(rows), []
    records, columns = as_records(rows, name)
    text = csv_of_records(records, columns) if layout == "csv" else jsonl_of_records(records)
    return text, len(rows), columns


def pieces_of(returned):
    """What run() returned, or yielded frame by frame, in pieces to encode one at a time.

    Raises: WrongReturnError when it is, or yields, what holds no rows.
    """
    if not inspect.isgenerator(returned):
        yield returned if is_frame(returned) or is_series(returned) else elements(returned)
        return
    rows = list(islice(returned, 1))
    if not rows or not is_frame(rows[0]):
        yield [*rows, *returned]
        return
    first = rows[0]
    yield first
    columns = frame_columns(first)
    for piece in returned:
        if not is_frame(piece):
            raise WrongReturnError("run() yielded a frame, and then a value of type %s" % type(piece).__name__)
        if frame_columns(piece) != columns:
            raise WrongReturnError("run() yielded frames of different columns: %s, then %s" % (columns, list(piece)))
        yield piece


def named_files(returned, files):
    """Positions of the files that short results speak of, when every row names exactly one by path or base name."""
    rows = returned.values.tolist() if is_frame(returned) else elements(returned)
    found = []
    for row in rows:
        cells = row.values() if isinstance(row, dict) else row if isinstance(row, (list, tuple)) else [row]
        texts = {str(cell) for cell in cells}
        here = [at for at, path in enumerate(files) if path in texts or os.path.basename(path) in texts]
        if len(here) != 1 or here[0] in found:
            return None
        found.append(here[0])
    return found


# --- the script -----------------------------------------------------------------------------------------------------


class Script:
    """A scoring script, loaded from its path."""

    def __init__(self, path, code, literals):
        self.literals = literals
        self.code = os.path.realpath(code)
        folder = os.path.dirname(os.path.realpath(path))
        for entry in dict.fromkeys([self.code, folder]):
            sys.path.insert(0, entry)
        sys.path.append(OF_AZURE)  # last: a package that the environment has comes first
        name = self._name(folder, os.path.splitext(os.path.basename(path))[0])
        spec = import_util.spec_from_file_location(name, path)
        self.module = import_util.module_from_spec(spec)
        sys.modules[name] = self.module
        spec.loader.exec_module(self.module)
        if not callable(getattr(self.module, "run", None)):
            self.module = self._ready_made(getattr(self.module, "load", None))
        self.wants_context = self._takes_context(self.module.run)

    def _name(self, folder, name):
        """The module's name, dotted from the code folder as in Azure, so that it can import relatively."""
        below = os.path.relpath(folder, self.code)
        package = below.replace(os.sep, ".")
        if below == os.curdir or not all(part.isidentifier() for part in package.split(".")):
            return name
        try:
            places = [os.path.realpath(place) for place in import_module(package).__path__]
        except (ImportError, AttributeError):
            return name  # another module has that name: the script can import its siblings by theirs
        return "%s.%s" % (package, name) if folder in places else name

    @staticmethod
    def _ready_made(load):
        """init() and run() for a script that has load(path) in their place."""
        if not callable(load):
            raise WrongReturnError("the scoring script has no run(); define run(mini_batch), or load(path)")
        sys.path.append(READY)
        return import_module("batchpoint_ready.driver").Driver(load)

    @staticmethod
    def _takes_context(run):
        try:
            parameters = inspect.signature(run).parameters.values()
        except (TypeError, ValueError):
            return False
        positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
        return len(positional) >= 2 and positional[1].default is inspect.Parameter.empty

    def call(self, name):
        """Call init() or shutdown() where the script has it."""
        function = getattr(self.module, name, None)
        if callable(function):
            function()

    def run(self, files, context):
        return self.module.run(files, context) if self.wants_context else self.module.run(files)


def place_of(error, code):
    """The innermost frame in the script's own files; for a SyntaxError the line in one of them that is wrong."""
    inside = code + os.sep
    where = None
    for frame in traceback.extract_tb(error.__traceback__):
        file = os.path.realpath(frame.filename)
        if file.startswith(inside):
            where = {"file": file[len(inside) :], "line": frame.lineno or 1, "function": frame.name}
            where["text"] = frame.line or ""
    if isinstance(error, SyntaxError) and os.path.realpath(error.filename or "").startswith(inside):
        file = os.path.realpath(error.filename)[len(inside) :]
        where = {"file": file, "line": error.lineno or 1, "function": "", "text": (error.text or "").strip()}
    return where


def describe(error, code):
    """An exception as text: class, message, where in the script's own files, traceback, and base classes."""
    try:
        message = str(error)
    except Exception:
        message = "(its text could not be read: __str__ raised)"
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return {
        "class": type(error).__name__,
        "message": message[:LONGEST_MESSAGE],
        "where": place_of(error, code),
        "traceback": text[-LONGEST_TRACEBACK:],
        "bases": [base.__name__ for base in type(error).__mro__[1:]],
    }


# --- the conversation -----------------------------------------------------------------------------------------------


def flush_output():
    """Send out what is printed, C's buffers included, so that a mini-batch's lines come before its reply."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # the script closed it, or put something else there: nothing of ours is lost
            stream.flush()
    if C_LIBRARY is not None:
        C_LIBRARY.fflush(None)


def c_library():
    try:
        import ctypes

        return ctypes.CDLL(None)
    except (ImportError, OSError, TypeError):
        return None


C_LIBRARY = c_library()


class Conversation:
    """The two message pipes and the spool."""

    def __init__(self, requests, replies):
        for descriptor in (requests, replies):
            os.set_inheritable(descriptor, False)  # what the script starts must not hold our pipes open
        self.requests = os.fdopen(requests, "rb")
        self.replies = replies
        self.pid = os.getpid()
        self.spool = None
        self.spool_path = None

    def listen(self):
        line = self.requests.readline()
        return json.loads(line.decode()) if line else None

    def leave_if_forked(self):
        """End a child that the script forked and let fall through into our loop."""
        if os.getpid() != self.pid:
            flush_output()
            os._exit(0)

    def say(self, **message):
        self.leave_if_forked()
        flush_output()
        data = (json.dumps(message) + "\n").encode()
        while data:
            data = data[os.write(self.replies, data) :]

    def keep(self, path, text):
        """Append rows to the spool; its offset and length in bytes. Raises: UnkeptError where there is no room."""
        try:
            return self.append(path, text)
        except OSError as error:
            if error.errno in NO_ROOM:
                raise UnkeptError(error.strerror) from error
            raise

    def append(self, path, text):
        if path != self.spool_path:
            if self.spool is not None:
                self.spool.close()
            self.spool = open_apart(path)
            self.spool_path = path
        data = text.encode("utf-8", "backslashreplace")
        offset = self.spool.seek(0, os.SEEK_END)
        self.spool.write(data)
        self.spool.flush()
        return offset, len(data)


def open_apart(path):
    """Open a file to append to, never as descriptor 0, 1 or 2: a script that closed its own would print into it."""
    low = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    if low >= FIRST_PLAIN_DESCRIPTOR:
        return os.fdopen(low, "ab")
    high = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, FIRST_PLAIN_DESCRIPTOR)
    os.close(low)
    return os.fdopen(high, "ab")


def load(conversation, request):
    """Import the script and call init(); the script, or None after saying what went wrong."""
    code = os.path.realpath(request["code"])
    sys.argv = [request["script"]] + request["arguments"]
    logging.basicConfig(
        level=getattr(logging, request["logging_level"].upper()),
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stdout,
    )
    stage = "import"
    try:
        script = Script(request["script"], code, request["literals"])
        stage = "init"
        imported = time.monotonic()
        script.call("init")
    except BaseException as error:
        conversation.say(kind="raised", stage=stage, error=describe(error, code))
        return None
    conversation.say(kind="ready", imported=imported, ready=time.monotonic(), wants_context=script.wants_context)
    return script


def score(conversation, script, request):
    """One mini-batch: call run(), write its rows, say how many; or say what it raised."""
    try:
        scored = score_pieces(conversation, script, request)
    except UnkeptError as error:
        conversation.say(kind="unkept", index=request["index"], reason=str(error))
    except BaseException as error:
        conversation.say(kind="raised", stage="run", index=request["index"], error=describe(error, script.code))
    else:
        conversation.say(kind="scored", index=request["index"], **scored)


def joined(named, more):
    """Positions of the files that two pieces of short results speak of; None when either does not tell, or both do."""
    return None if named is None or more is None or set(named) & set(more) else named + more


def score_pieces(conversation, script, request):
    """Call run() and append what it gives to the spool, a piece at a time; where the rows are, and how many."""
    files, context = request["files"], Context(request, script)
    rows, columns, start, length, named = 0, [], None, 0, []
    for piece in pieces_of(script.run(list(files), context)):
        conversation.leave_if_forked()
        text, count, columns = encode(piece, request["layout"])
        if rows + count < len(files):
            named = joined(named, named_files(piece, files))
        offset, written = conversation.keep(request["spool"], text) if text else (0, 0)
        rows, length = rows + count, length + written
        start = offset if start is None and written else start
    return {
        "rows": rows,
        "columns": columns,
        "offset": start or 0,
        "length": length,
        "named": named if rows < len(files) else None,
        "given_up": sorted(context._given_up.items()),
    }


def show_stacks(stack):
    """Have faulthandler write the threads' stacks to a file: when the process crashes, and when it is asked to."""
    os.set_inheritable(stack, False)
    faulthandler.enable(file=stack)
    faulthandler.register(ASKED_FOR_STACK, file=stack)


def main(requests, replies, stack):
    conversation = Conversation(requests, replies)
    show_stacks(stack)
    script = load(conversation, conversation.listen())
    if script is None:
        return 1
    while True:
        request = conversation.listen()
        if request is None:
            return 0  # the flow is gone, and its guardian ends us
        if request["kind"] == "shutdown":
            break
        score(conversation, script, request)
    try:
        script.call("shutdown")
    except BaseException as error:
        conversation.say(kind="raised", stage="shutdown", error=describe(error, script.code))
        return 1
    conversation.say(kind="closed")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
