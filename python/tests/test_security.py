"""Encrypted comms, websockets, and what a scheduler can be told to refuse."""

import asyncio
import ssl
import urllib.request

import dask
import distributed
import pytest
from distributed.comm import connect
from distributed.security import Security

import clusters
from clusters import eventually
import tasks

CERTIFICATES = clusters.HERE / "certificates"
AUTHORITY = str(CERTIFICATES / "authority.pem")
PEER = str(CERTIFICATES / "peer.pem")
STRANGER = str(CERTIFICATES / "stranger.pem")
TLS_OPTIONS = ["--tls-ca-file", AUTHORITY, "--tls-cert", PEER]


def security(certificate=PEER):
    return Security(tls_ca_file=AUTHORITY, tls_client_cert=certificate, require_encryption=True)


def environment(**names):
    return {f"DASK_DISTRIBUTED__COMM__{name}": str(value) for name, value in names.items()}


def work(client):
    """Client to scheduler, scheduler to workers, and workers among themselves."""
    [big] = client.scatter([bytes(3_000_000)], direct=False)
    assert client.submit(len, big).result() == 3_000_000
    assert client.gather(big, direct=False) == bytes(3_000_000)
    assert client.submit(sum, client.map(tasks.inc, range(10), pure=False)).result() == 55
    assert set(client.run(tasks.inc, 1).values()) == {2}


def test_tls(new_cluster):
    cluster = new_cluster(options=TLS_OPTIONS, security=security())
    assert cluster.address.startswith("tls://127.0.0.1:")
    cluster.add_worker("alice", *TLS_OPTIONS)
    cluster.add_worker("bob", *TLS_OPTIONS)
    work(cluster.client())


def test_tls_from_the_configuration_with_the_key_apart(new_cluster):
    variables = environment(
        TLS__CA_FILE=AUTHORITY,
        TLS__SCHEDULER__CERT=CERTIFICATES / "peer-cert.pem",
        TLS__SCHEDULER__KEY=CERTIFICATES / "peer-key.pem",
        TLS__MIN_VERSION=1.3,
        TLS__CIPHERS="ECDHE+AESGCM",
        REQUIRE_ENCRYPTION=True,
    )
    cluster = new_cluster(environment=variables, security=security())
    assert cluster.address.startswith("tls://")
    with distributed.Client(cluster.address, security=security()) as client:
        assert client.scheduler_info()["address"] == cluster.address


def test_only_known_peers_may_connect(new_cluster):
    cluster = new_cluster(options=TLS_OPTIONS, security=security())
    with pytest.raises(OSError):
        distributed.Client(cluster.address, security=security(STRANGER), timeout=2)
    with pytest.raises(OSError):
        distributed.Client(cluster.address.replace("tls", "tcp"), timeout=2)
    assert "TLS handshake failed" in cluster.logs()
    assert cluster.client().nthreads() == {}


def test_several_protocols_at_once(new_cluster):
    cluster = new_cluster(options=["--protocol", "tcp,ws", "--port", "0,0"])
    addresses = [line.split()[-1] for line in cluster.logs().splitlines() if "Scheduler at:" in line]
    assert [address.split(":")[0] for address in addresses] == ["tcp", "ws"]
    # A worker's address has the protocol by which it connects.
    cluster.add_worker("alice")
    cluster.address = addresses[1]
    cluster.add_worker("bob", "--protocol", "ws")
    client = cluster.client()
    assert {address.split(":")[0] for address in clusters.worker_addresses(client).values()} == {"tcp", "ws"}
    work(client)


@pytest.mark.csds
def test_the_dashboard_over_tls(new_cluster):
    prefix = "DASK_DISTRIBUTED__SCHEDULER__DASHBOARD__TLS__"
    cluster = new_cluster(environment={prefix + "CERT": PEER})
    trust = ssl.create_default_context(cafile=AUTHORITY)
    trust.check_hostname = False
    trust.verify_flags &= ~ssl.VERIFY_X509_STRICT  # the authority is a plain one
    url = cluster.http_address().replace("http://", "https://") + "/health"
    with urllib.request.urlopen(url, context=trust) as answer:
        assert answer.read() == b"ok"
    assert "https://" in cluster.logs() or clusters.RELEASE < (2023, 1)


def test_blocked_handlers(new_cluster):
    cluster = new_cluster(blocked_handlers=["gather"])
    client = cluster.client()
    with pytest.raises(ValueError, match="'gather' handler has been explicitly disallowed"):
        client.sync(client.scheduler.gather, keys=["x"])
    assert client.nthreads() == {}


@pytest.mark.csds
def test_a_message_that_is_too_large(new_cluster):
    cluster = new_cluster(environment={"DASK_CSDS__MAX_MESSAGE_SIZE": "1 MiB"})

    async def send():
        comm = await connect(cluster.address)
        await comm.write({"op": "echo", "data": bytes(2_000_000), "reply": True})
        return await comm.read()

    with pytest.raises(distributed.comm.CommClosedError):
        asyncio.run(send())
    assert eventually(lambda: "more than 1048576" in cluster.logs())
    assert cluster.client().nthreads() == {}


def test_peers_that_compress(new_cluster):
    with dask.config.set({"distributed.comm.compression": "zlib"}):
        cluster = new_cluster(environment=environment(COMPRESSION="zlib"))
        cluster.add_worker("alice")
        cluster.add_worker("bob")
        work(cluster.client())
