"""What makes the helper a well-behaved child process of the server."""
import ctypes
import faulthandler
import os
import select
import signal
import sys
import threading

TITLE = b"csds-helper"


def take_pipes():
    """Moves standard input and output to private descriptors and returns them.

    Afterwards user code that reads gets nothing, and what it prints goes to standard error, which the server logs;
    neither can disturb the protocol.
    """
    source, sink = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)
    return source, sink


def prepare():
    """Settings that are worth having and not worth failing for."""
    # Ctrl-C in the server's terminal reaches the whole process group; the server decides what becomes of the helper.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for setting in (faulthandler.enable, offer_to_oom_killer, set_title):
        try:
            setting()
        except Exception:
            pass


def offer_to_oom_killer():
    """When memory runs out, the kernel shall take this process and not the server."""
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def set_title():
    """Replaces the command line, which has the whole bootstrap program in it, by a name for ``ps`` and ``top``."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(15, TITLE, 0, 0, 0)  # PR_SET_NAME
    with open("/proc/self/stat") as file:
        # Fields 48 and 49 are where the arguments lie in memory; counting starts behind the name in parentheses.
        fields = file.read().rpartition(")")[2].split()
    start, end = int(fields[45]), int(fields[46])
    if end - start > len(TITLE):
        ctypes.memset(start, 0, end - start)
        ctypes.memmove(start, TITLE, len(TITLE))


def exit_with_server(source):
    """Ends this process as soon as the server's end of the pipe is closed, even in the middle of a graph.

    PR_SET_PDEATHSIG would not do: it fires when the *thread* that started this process ends, and those of a thread
    pool come and go.
    """

    def watch():
        poll = select.poll()
        poll.register(source, 0)  # hang-ups and errors are reported without being asked for
        poll.poll()
        os._exit(0)

    threading.Thread(target=watch, name="csds-exit-with-server", daemon=True).start()


def give_memory_back():
    """Hands what a large graph took back to the system, as far as the allocator can."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except Exception:
        pass  # not glibc
