"""What the server wants to know about the installed Dask."""
import ssl
import sys


def configure(answers, header, frames):
    """Answers ``configured``: versions, effective configuration, and pickles that workers expect from a scheduler."""
    import dask
    import distributed
    from distributed.protocol import pickle
    from distributed.versions import get_versions

    dask.config.update(dask.config.config, header.get("config") or {})
    answers.send(
        "configured",
        {
            "distributed": distributed.__version__,
            "dask": dask.__version__,
            "python": list(sys.version_info[:3]),
            "executable": sys.executable,
            "versions": plain(get_versions()),
            "config": plain(dask.config.config),
            "worker_plugins": worker_plugins(pickle.dumps),
            "pickle_protocol": pickle.HIGHEST_PROTOCOL,
            "tls_ciphers": tls_ciphers(dask.config.get("distributed.comm.tls.ciphers", None)),
        },
    )


def worker_plugins(dumps):
    """The plugins that a scheduler of this release gives to every worker by itself (row W47)."""
    try:
        from distributed.shuffle._worker_plugin import ShuffleWorkerPlugin
    except ImportError:
        return {}  # before 2023.7.1: part of the worker
    return {"shuffle": dumps(ShuffleWorkerPlugin())}


def tls_ciphers(ciphers):
    """Numbers of the cipher suites that a cipher string allows, which only OpenSSL understands; None: all usual ones."""
    if not ciphers:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(ciphers)
    return [cipher["id"] & 0xFFFF for cipher in context.get_ciphers()]


def plain(value):
    """The same made of what msgpack knows; anything else as its text."""
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return str(value)
