"""The small parent of a scoring process: when it or the flow is gone, nothing the script started is left.

Run as a program under any Python from 3.8 on, with the standard library alone:

    guardian.py FLOW ALIVE REPORT LIMIT PASSED -- COMMAND...

FLOW is the process id of the flow. ALIVE is a pipe's read end that the flow holds open for as long as the scoring
process may live: when it closes, for whatever reason (a decision, an exception, kill -9 of the flow), every descendant
is killed. A byte on it asks the command to write down its stack. REPORT takes lines of JSON: why the command could not
be started, its wait status, and that it took more memory than LIMIT: bytes for everything below this process, on Linux;
0 is no limit. PASSED are the descriptors the command inherits, separated by commas.

PR_SET_PDEATHSIG alone would not do: it fires when the starting *thread* ends and grandchildren do not inherit it. A
child subreaper is given every orphan among its descendants, also those that called setsid, so it can find them all.
"""

import json
import os
import re
import select
import signal
import sys
import time
from contextlib import suppress

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
ON_LINUX = sys.platform.startswith("linux")
ASK_FOR_STACK = getattr(signal, "SIGRTMAX", signal.SIGUSR2)  # program.py has faulthandler answer it
LOOK_AFTER = 0.5  # seconds
LOOK_AT_MEMORY_AFTER = 0.3  # seconds, while nothing grows
LOOK_AT_MEMORY_FASTEST = 0.02
LINE = re.compile(rb"^(\w+):\s*(\d+) kB$", re.MULTILINE)
SHARE_OF_TIME = 0.05  # that looking at memory may take
STACK_TAKES = 0.03  # seconds that a script which takes too much memory has to say where


def prctl(option, value):
    """Call Linux's prctl; True when the kernel took it. Elsewhere there is none, and process groups must do."""
    if not ON_LINUX:
        return False
    import ctypes

    return ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) == 0


def descendants(root):
    """Process ids below `root`, as /proc tells them now."""
    children = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name, "rb") as stat:
                # The command's name stands in parentheses and may hold anything, more parentheses too.
                fields = stat.read().rpartition(b")")[2].split()
        except OSError:
            continue  # it ended while we looked
        children.setdefault(int(fields[1]), []).append(int(name))
    found, waiting = [], [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def family(root):
    """Process ids below `root` like descendants(), but faster, and without those that are being started just now."""
    found, waiting = [], [root]
    while waiting:
        below = children(waiting.pop())
        found += below
        waiting += below
    return found


def children(pid):
    """Process ids of the children of each thread of a process; none when it is gone."""
    found = []
    try:
        for thread in os.listdir("/proc/%d/task" % pid):
            with suppress(OSError), open("/proc/%d/task/%s/children" % (pid, thread)) as listed:
                found += map(int, listed.read().split())
    except OSError:
        return found
    return found


class Memory:
    """What everything below this process takes of memory, held against a limit.

    The first look is quick and counts too much: what processes share counts for each of them, and files that they have
    mapped count though the kernel can drop them. Only where that exceeds the limit is it counted exactly, page by page,
    each shared page once. The faster memory grows towards the limit, the sooner comes the next look.
    """

    def __init__(self, limit):
        self.limit = limit
        self.taken = 0
        self.wait = LOOK_AT_MEMORY_AFTER
        self.looked = time.monotonic()

    def is_exceeded(self):
        """Whether it exceeds the limit, if it is time to look again."""
        began = time.monotonic()
        if began - self.looked < self.wait:
            return False
        taken = self._count()
        now = time.monotonic()
        growth = (taken - self.taken) / (now - self.looked)
        until_then = (self.limit - taken) / growth if growth > 0 else float("inf")
        fastest = max(LOOK_AT_MEMORY_FASTEST, (now - began) / SHARE_OF_TIME)
        self.wait = max(fastest, min(LOOK_AT_MEMORY_AFTER, until_then / 2))
        self.taken, self.looked = taken, now
        return taken > self.limit

    def _count(self):
        processes = family(os.getpid())
        most = sum(kilobytes(pid, "status", (b"VmRSS", b"VmSwap")) for pid in processes) * 1024
        if most <= self.limit:
            return most
        return sum(kilobytes(pid, "smaps_rollup", (b"Pss_Anon", b"Pss_Shmem", b"SwapPss")) for pid in processes) * 1024


def kilobytes(pid, name, keys):
    """The sum of some lines of a file that Linux keeps of a process; 0 when the process is gone."""
    try:
        with open("/proc/%d/%s" % (pid, name), "rb") as file:
            return sum(int(size) for key, size in LINE.findall(file.read()) if key in keys)
    except OSError:
        return 0


def signal_all(child):
    """SIGKILL to everything below this process; to the child's process group where there is no /proc."""
    if ON_LINUX:
        targets = descendants(os.getpid())
    else:
        targets = [-child]
    for pid in targets:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # it ended by itself


def reap(child, status):
    """Collect what has ended; the child's wait status once it is known. None left: the second value is False."""
    while True:
        try:
            pid, ended = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status, False
        if pid == 0:
            return status, True
        if pid == child:
            status = ended


def kill_everything(child, status):
    """Kill until nothing is left below us: a process may fork between being found and being killed."""
    give_up = time.monotonic() + 10
    while time.monotonic() < give_up:
        signal_all(child)
        status, any_left = reap(child, status)
        if not any_left:
            break
        time.sleep(0.002)
    return status


def volunteer_for_oom():
    """When memory runs out, the kernel should take the script before the flow."""
    try:
        with open("/proc/self/oom_score_adj", "w") as adjustment:
            adjustment.write("600")
    except OSError:
        return  # not Linux, or a container that forbids it: the kernel then chooses by size


def tell(report, **message):
    """Write one line to the flow."""
    try:
        os.write(report, (json.dumps(message) + "\n").encode())
    except BrokenPipeError:
        return  # the flow is gone: nobody is left to be told


def start(command, passed, report):
    """Fork and execute the command in a process group of its own."""
    guardian = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setpgid(0, 0)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guardian:
            os._exit(127)  # the guardian was killed before the line above took hold
        volunteer_for_oom()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        for descriptor in passed:
            os.set_inheritable(descriptor, True)
        os.execv(command[0], command)
    except OSError as error:
        tell(report, refused="cannot start %s: %s" % (command[0], error.strerror))
    finally:
        os._exit(127)


def main(arguments):
    flow, alive, report, limit = map(int, arguments[:4])
    passed = [int(part) for part in arguments[4].split(",")]
    command = arguments[6:]
    for descriptor in (alive, report):
        os.set_inheritable(descriptor, False)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the pipe decides, else a Ctrl-C would leave the script behind
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    child = start(command, passed, report)
    for descriptor in passed:
        os.close(descriptor)  # or the flow would never see the child's end of them close

    memory = Memory(limit) if limit and ON_LINUX else None
    status, any_left, poller = None, True, select.poll()
    poller.register(alive, select.POLLIN)
    poller.register(woken, select.POLLIN)
    # The pipe stays open where the flow forked and the copy of it lives on; the flow's own end shows in our parent.
    while status is None and any_left and os.getppid() == flow:
        look_after = memory.wait if memory else LOOK_AFTER
        ready = [descriptor for descriptor, _ in poller.poll(look_after * 1000)]
        if woken in ready:
            os.read(woken, 4096)
        status, any_left = reap(child, status)
        if alive in ready:
            if not os.read(alive, 1):
                break
            if status is None:
                os.kill(child, ASK_FOR_STACK)
        if memory and status is None and memory.is_exceeded():
            tell(report, memory=memory.taken, limit=limit)
            os.kill(child, ASK_FOR_STACK)
            time.sleep(STACK_TAKES)
            break
    tell(report, status=kill_everything(child, status))


if __name__ == "__main__":
    main(sys.argv[1:])
