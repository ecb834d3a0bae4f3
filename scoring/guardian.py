"""The small parent of a scoring process: when it or the flow is gone, nothing the script started is left.

Run as a program under any Python from 3.8 on, with the standard library alone:

    guardian.py FLOW ALIVE REPORT PASSED -- COMMAND...

FLOW is the process id of the flow. ALIVE is a pipe's read end that the flow holds open for as long as the scoring
process may live: when it closes, for whatever reason (a decision, an exception, kill -9 of the flow), every descendant
is killed. A byte on it asks the command to write down its stack. REPORT takes lines of JSON: why the command could not
be started, and its wait status. PASSED are the descriptors the command inherits, separated by commas.

PR_SET_PDEATHSIG alone would not do: it fires when the starting *thread* ends and grandchildren do not inherit it. A
child subreaper is given every orphan among its descendants, also those that called setsid, so it can find them all.
"""

import json
import os
import select
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
ON_LINUX = sys.platform.startswith("linux")
ASK_FOR_STACK = getattr(signal, "SIGRTMAX", signal.SIGUSR2)  # program.py has faulthandler answer it
LOOK_AFTER = 500  # milliseconds


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
    flow, alive, report = map(int, arguments[:3])
    passed = [int(part) for part in arguments[3].split(",")]
    command = arguments[5:]
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

    status, any_left, poller = None, True, select.poll()
    poller.register(alive, select.POLLIN)
    poller.register(woken, select.POLLIN)
    # The pipe stays open where the flow forked and the copy of it lives on; the flow's own end shows in our parent.
    while status is None and any_left and os.getppid() == flow:
        ready = [descriptor for descriptor, _ in poller.poll(LOOK_AFTER)]
        if woken in ready:
            os.read(woken, 4096)
        status, any_left = reap(child, status)
        if alive in ready:
            if not os.read(alive, 1):
                break
            if status is None:
                os.kill(child, ASK_FOR_STACK)
    tell(report, status=kill_everything(child, status))


if __name__ == "__main__":
    main(sys.argv[1:])
