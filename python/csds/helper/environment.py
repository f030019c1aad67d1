"""What other helpers can import, and this one should as well."""
import os
import sys

import msgpack


def apply(answers, header, frames):
    """Answers ``applied``. Frame 1: ``path``, entries for ``sys.path``; ``files``, to be imported as if uploaded here;
    ``directory``, where to work from now on, or None."""
    from distributed.utils import import_file

    change = msgpack.unpackb(frames[0], raw=False)
    sys.path[:0] = [entry for entry in change["path"] if entry not in sys.path]
    for file in change["files"]:
        import_file(file)
    if change["directory"] is not None:
        os.chdir(change["directory"])
    answers.send("applied")
