"""What ``python -c`` runs: reads the helper's modules from standard input and starts them.

The first message is framed like all others. Frame 0 is text, one module name per line; the other frames are the
modules' sources, in the same order. Only the standard library is used here, since the rest may be missing.
"""
import importlib.abc
import importlib.util
import os
import struct
import sys

PACKAGE = "csds_helper"

#: Where tracebacks place the modules. Dask's own ``get_traceback`` leaves out the outermost frames of files that have
#: "distributed/scheduler" in their names: errors in a graph look to users as if its scheduler had expanded it.
ORIGIN = "<csds>/distributed/scheduler-helper/"


class Sources(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports modules from memory. Tracebacks show their source lines through ``get_source``."""

    def __init__(self, sources):
        self.sources = sources

    def find_spec(self, name, path=None, target=None):
        if name in self.sources:
            return importlib.util.spec_from_loader(
                name, self, origin=self.get_filename(name), is_package=name == PACKAGE
            )
        return None

    def get_source(self, name):
        return self.sources[name]

    def get_filename(self, name):
        return ORIGIN + name.replace(".", "/") + ".py"

    def get_code(self, name):
        return self.source_to_code(self.sources[name], self.get_filename(name))


def read(size):
    data = bytearray()
    while len(data) < size:
        part = os.read(0, size - len(data))
        if not part:
            sys.exit("csds helper: standard input ended before the helper's modules had arrived")
        data += part
    return bytes(data)


def main():
    _, count = struct.unpack("<QQ", read(16))
    lengths = struct.unpack("<%dQ" % count, read(8 * count))
    names, *sources = [read(length).decode() for length in lengths]
    modules = dict(zip(names.split("\n"), sources))
    sys.meta_path.insert(0, Sources(modules))
    try:
        import csds_helper.main
    except ImportError as error:
        sys.exit("csds helper: %s has no Dask that works: %s" % (sys.executable, error))
    csds_helper.main.run()


if __name__ == "__main__":
    main()
