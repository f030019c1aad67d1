"""Plugins of workers and nannies, and what is said of packages that differ."""

import os
import warnings

import distributed
import pytest
from distributed import Client
from distributed.versions import VersionMismatchWarning

import plugins
from clusters import RELEASE, worker_addresses


def register(client, plugin, **options):
    """Registers a worker or nanny plugin; newer releases have one method for all kinds, and need no options."""
    return client.register_plugin(plugin) if RELEASE >= (2023, 10) else client.register_worker_plugin(plugin, **options)


class TestWorkerPlugins:
    def test_workers_and_later_workers_have_it(self, new_cluster):
        cluster = new_cluster()
        cluster.add_worker("alice")
        client = cluster.client()
        answers = register(client, plugins.Counter(1))
        assert [answer["status"] for answer in answers.values()] == ["OK"]
        assert list(client.run(plugins.counter).values()) == [1]
        cluster.add_worker("bob", "--no-nanny")
        assert list(client.run(plugins.counter).values()) == [1, 1]
        register(client, plugins.Counter(2))
        assert list(client.run(plugins.counter).values()) == [2, 2]
        client.unregister_worker_plugin("counter")
        assert list(client.run(plugins.counter).values()) == ["torn down"] * 2

    def test_error_in_setup_is_raised(self, client):
        with pytest.raises(RuntimeError, match="this plugin is broken"):
            register(client, plugins.Broken())
        client.unregister_worker_plugin("broken")

    def test_unknown_plugin(self, client):
        with pytest.raises(ValueError, match="The worker plugin nobody does not exist"):
            client.unregister_worker_plugin("nobody")
        with pytest.raises(ValueError, match="The nanny plugin nobody does not exist"):
            client.unregister_worker_plugin("nobody", nanny=True)

    @pytest.mark.skipif(RELEASE < (2023, 10), reason="has no idempotent plugins")
    def test_idempotent(self, client):
        first, second = plugins.Counter(1), plugins.Counter(2)
        first.idempotent = second.idempotent = True
        assert len(client.register_plugin(first)) == 2
        assert client.register_plugin(second) == {}
        assert set(client.run(plugins.counter).values()) == {1}
        client.unregister_worker_plugin("counter")


class TestNannyPlugins:
    def test_nannies_and_later_nannies_have_it(self, new_cluster):
        cluster = new_cluster()
        cluster.add_worker("alice")
        client = cluster.client()
        register(client, plugins.NannyMark(), nanny=True)
        cluster.add_worker("bob")
        marks = client.run(lambda: os.environ.get("CSDS_MARK"))
        assert marks[worker_addresses(client)["bob"]] == "here"
        client.unregister_worker_plugin("nanny-mark", nanny=True)


class TestVersions:
    def test_same_versions(self, client):
        versions = client.get_versions(check=True)
        assert versions["scheduler"]["packages"]["distributed"] == distributed.__version__
        assert len(versions["workers"]) == 2

    def test_warning_of_a_mismatch(self, shared_cluster, monkeypatch):
        from distributed import versions

        def get_versions(*args, **kwargs):
            packages = {**versions.get_package_info(versions.required_packages), "toolz": "0.0.1"}
            return {"host": versions.get_system_info(), "packages": packages}

        monkeypatch.setattr("distributed.client.version_module.get_versions", get_versions)
        with pytest.warns(VersionMismatchWarning, match="Mismatched versions found") as caught:
            Client(shared_cluster.address, set_as_default=False).close()
        (mismatch,) = (warning for warning in caught if warning.category is VersionMismatchWarning)
        lines = str(mismatch.message).splitlines()
        assert lines[3].split() == "| Package | Client | Scheduler | Workers |".split()
        assert any(line.split()[1:5:2] == ["toolz", "0.0.1"] for line in lines[5:-1])

    def test_no_warning_without_a_mismatch(self, shared_cluster):
        with warnings.catch_warnings():
            warnings.simplefilter("error", VersionMismatchWarning)
            Client(shared_cluster.address, set_as_default=False).close()
