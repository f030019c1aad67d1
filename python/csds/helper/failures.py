"""Errors as Dask's scheduler would send them to a client."""
import traceback

NO_COMPRESSION = {"compression": None}

#: Characters of a text that is for logs. What goes to users is cut by Dask (``distributed.admin.max-error-length``).
TEXT_LENGTH = 2000


def send(answers, exception):
    """Answers ``failed``. Call it while the exception is being handled: Dask takes the traceback from there."""
    try:
        header, frames = as_message(exception)
    except BaseException:  # distributed is missing, or the exception cannot be printed
        header, frames = {}, []
    header["text"] = text(exception)
    answers.send("failed", header, frames)


def as_message(exception):
    from distributed.core import error_message
    from distributed.protocol import dumps

    error = error_message(exception)
    raised = dumps(error["exception"], context=NO_COMPRESSION)
    trace = dumps(error["traceback"], context=NO_COMPRESSION)
    header = {
        "exception_text": error["exception_text"],
        "traceback_text": error["traceback_text"],
        "exception_frames": len(raised),
    }
    return header, [*raised, *trace]


def text(exception):
    """Type and text of an exception, for a log."""
    try:
        lines = traceback.format_exception_only(type(exception), exception)
    except BaseException:
        lines = ["%s, which cannot be printed" % type(exception).__name__]
    return "".join(lines).strip()[:TEXT_LENGTH]
