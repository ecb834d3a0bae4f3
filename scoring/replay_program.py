"""The program of a replay: a scoring process in the foreground, whose input and output are the user's own terminal.

It runs under the deployment's own interpreter, Python 3.8 or later, with the standard library alone, as

    replay_program.py REQUESTS REPLIES STACK INIT_TIMEOUT TIMEOUT DEBUG

The first three are descriptors of files, which stand in place of program.py's pipes: it is the same conversation, with
init() and one call of run(). The deadlines are seconds. With DEBUG 1 there are none, and what the script raises leads
into pdb, at the innermost frame of the script's own files.
"""

import faulthandler
import os
import pdb
import sys
import traceback
from contextlib import contextmanager
from importlib import util as import_util

HERE = os.path.dirname(os.path.abspath(__file__))
if sys.path and os.path.realpath(sys.path[0] or ".") == os.path.realpath(HERE):
    del sys.path[0]  # our folder must not shadow a module of the script's


def neighbour(name):
    """A module that lies beside this one, which is on no path."""
    spec = import_util.spec_from_file_location(name, os.path.join(HERE, name + ".py"))
    module = import_util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


program = neighbour("program")


class Conversation(program.Conversation):
    """That of a scoring process; what the script raised is shown as well."""

    def __init__(self, requests, replies, is_debugged):
        program.Conversation.__init__(self, requests, replies)
        self.is_debugged = is_debugged
        self.code = None

    def listen(self):
        request = program.Conversation.listen(self)
        if request["kind"] == "load":
            self.code = os.path.realpath(request["code"])
        return request

    def say(self, **message):
        program.Conversation.say(self, **message)
        error = sys.exc_info()[1]
        if error is not None:
            faulthandler.cancel_dump_traceback_later()
            shown = frames_to_show(error.__traceback__)
            traceback.print_exception(type(error), error, shown)
            if self.is_debugged:
                debug(shown, self.code)


def frames_to_show(frames):
    """The frames below our own, if there are any."""
    own, below = {os.path.realpath(__file__), os.path.realpath(program.__file__)}, frames
    while below is not None and os.path.realpath(below.tb_frame.f_code.co_filename) in own:
        below = below.tb_next
    return below or frames


def debug(frames, code):
    """Open pdb at the innermost of some frames that is in a script's own files, else at the innermost."""
    files = [os.path.realpath(frame.f_code.co_filename) for frame, _ in traceback.walk_tb(frames)]
    own = [at for at, file in enumerate(files) if file.startswith(code + os.sep)]
    above = len(files) - 1 - own[-1] if own else 0
    debugger = pdb.Pdb()
    debugger.reset()
    if above:
        debugger.cmdqueue.append("up %d" % above)
    debugger.interaction(None, frames)


@contextmanager
def deadline(seconds, stack):
    """End the process, with its threads' stacks written down, when what is done takes longer; 0 is no deadline."""
    if seconds:
        faulthandler.dump_traceback_later(seconds, exit=True, file=stack)
    yield
    faulthandler.cancel_dump_traceback_later()


def main(requests, replies, stack, init_timeout, timeout, is_debugged):
    conversation = Conversation(requests, replies, is_debugged)
    program.show_stacks(stack)
    with deadline(init_timeout, stack):
        script = program.load(conversation, conversation.listen())
    if script is not None:
        with deadline(timeout, stack):
            program.score(conversation, script, conversation.listen())
    return 0


if __name__ == "__main__":
    DEBUG = sys.argv[6] == "1"
    LIMITS = [0.0, 0.0] if DEBUG else [float(seconds) for seconds in sys.argv[4:6]]
    sys.exit(main(*[int(descriptor) for descriptor in sys.argv[1:4]], *LIMITS, DEBUG))
