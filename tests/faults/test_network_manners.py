"""Redirects, proxies, .netrc, TLS, names, and large documents on their way out."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fault_expectations import ask
from platform_server import PlatformServer

from labelaudit_dagster.platform_client import (
    BadAnswer,
    DeadlineExceeded,
    HttpPolicy,
    PlatformClient,
    PlatformError,
    Rejected,
    Unreachable,
)


def redirect(status, location):
    """Make a step that redirects."""
    return lambda exchange: exchange.answer(status, b"x" * 100, Location=location)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_export_follows_redirects_at_home(status, platform, make_client):
    platform.prepare([redirect(status, "/elsewhere/exports?users=True"), "ok"])
    client = make_client()
    if status == 303:
        platform.prepare([redirect(status, f"{platform.url}/exports?a=1#part"), "ok"])
    platform.export = b'{"topics":[],"guidelines":[],"ratings":[],"users":[],"mu":0}'
    assert client.fetch_export().body == platform.export
    assert [request.method for request in platform.requests] == ["GET", "GET"]
    assert all("authorization" in request.headers for request in platform.requests)


@pytest.mark.parametrize("status", [307, 308])
def test_constitution_follows_redirects_that_keep_the_document(status, platform, make_client):
    platform.prepare([redirect(status, "/v2/constitution"), "ok"])
    make_client().publish_constitution({"a": 1}, "1-a")
    first, second = platform.requests
    assert second.method == "POST"
    assert second.path == "/v2/constitution"
    assert second.body == first.body
    assert second.headers["idempotency-key"] == "1-a"


@pytest.mark.parametrize("status", [301, 302, 303])
def test_constitution_never_becomes_a_get(status, platform, make_client):
    platform.prepare([redirect(status, "/v2/constitution")])
    with pytest.raises(Rejected, match="would drop the document"):
        make_client().publish_constitution({"a": 1}, "1-a")
    assert len(platform.requests) == 1


def test_redirects_do_not_go_on_for_ever(platform, make_client):
    platform.prepare(["redirect_home"] * 50)
    with pytest.raises(Rejected, match="more than 5 times"):
        make_client().fetch_export()
    assert len(platform.requests) == 6


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "location",
    [
        "{stranger}/exports",
        "//{stranger_netloc}/exports",
        "{stranger}\\@{home_netloc}/exports",
        "http://{home_netloc}@{stranger_netloc}/exports",
        "http://user:pass@{home_netloc}/exports",
        "https://{home_netloc}/exports",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "",
        "http://[::1/",
        "/a b",
        "/a\tb",
    ],
)
def test_key_never_goes_to_a_stranger(location, method, platform, stranger, make_client):
    target = location.format(
        stranger=stranger.origin,
        stranger_netloc=stranger.origin.removeprefix("http://"),
        home_netloc=platform.origin.removeprefix("http://"),
    )
    platform.prepare([redirect(307, target)])
    with pytest.raises(Rejected, match="LABELAUDIT_PLATFORM_URL"):
        ask(make_client(), method)
    assert len(platform.requests) == 1
    assert not stranger.requests


def test_environment_brings_neither_proxy_nor_password(
    platform, stranger, make_client, monkeypatch, tmp_path, api_key
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, stranger.origin)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    make_client().fetch_export()
    assert platform.requests[0].headers["authorization"] == f"Bearer {api_key}"
    assert "cookie" not in platform.requests[0].headers
    assert not stranger.requests


def test_compression_that_was_not_asked_for_is_refused_by_name(platform, make_client):
    platform.prepare([lambda exchange: exchange.answer(200, b"\x1b\x00", Content_Encoding="br")])
    with pytest.raises(BadAnswer, match="compression that was not asked for"):
        make_client().fetch_export()
    assert platform.requests[0].headers["accept-encoding"] == "gzip"


def test_cookies_are_not_kept(platform, make_client):
    platform.prepare([lambda exchange: exchange.answer(503, b"", Set_Cookie="session=1; Path=/")])
    make_client().fetch_export()
    assert "cookie" not in platform.requests[1].headers


def test_nobody_at_home(make_client):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{reserved.getsockname()[1]}"
    with pytest.raises(Unreachable, match=r"no connection \(Connection refused\)") as caught:
        make_client(base_url=address).publish_constitution({"a": 1}, "1-a")
    assert caught.value.attempts == 4
    assert caught.value.status is None
    assert not caught.value.may_have_been_applied


def test_unknown_name(make_client):
    with pytest.raises(Unreachable, match="no host of that name"):
        make_client(base_url="http://platform.invalid").fetch_export()


def test_each_address_of_a_name_is_tried(platform, make_client, monkeypatch):
    """The first address is deaf; the second one answers."""
    port = int(platform.origin.rsplit(":", 1)[1])
    real = socket.getaddrinfo

    def resolve(host, *arguments, **options):
        if host == "platform.test":
            return [
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
                for address in ("127.0.0.9", "127.0.0.1")
            ]
        return real(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    make_client(base_url=f"http://platform.test:{port}/api/openapi").fetch_export()
    assert platform.requests[0].headers["host"] == f"platform.test:{port}"


def test_large_document_arrives_whole(platform, make_client):
    payload = {"user_intercepts": {f"user-{i}": i / 7 for i in range(100_000)}}
    make_client().publish_constitution(payload, "1-a")
    assert len(platform.applied[0].body) > 2_000_000


def test_deaf_server_does_not_hold_a_large_document_for_ever(api_key):
    """It accepts the connection and reads nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        policy = HttpPolicy(timeout_seconds=0.2, deadline_seconds=1.0, attempts=2)
        started = time.monotonic()
        with pytest.raises(PlatformError) as caught:
            PlatformClient(address, api_key, policy).publish_constitution(
                b'"' + b"x" * 20_000_000 + b'"', "1-a"
            )
        assert time.monotonic() - started < 3
    assert isinstance(caught.value, (Unreachable, DeadlineExceeded))
    assert caught.value.may_have_been_applied


def test_slow_reader_does_not_hold_a_large_document_for_ever(api_key):
    """It takes in a little whenever the client is about to give up."""
    done = threading.Event()

    def read_slowly():
        connection, _ = listener.accept()
        with connection:
            while not done.wait(0.02) and connection.recv(256 * 1024):
                pass

    with socket.socket() as listener, ThreadPoolExecutor(1) as pool:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        reader = pool.submit(read_slowly)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        policy = HttpPolicy(timeout_seconds=5, deadline_seconds=0.6, attempts=1)
        started = time.monotonic()
        body = b'"' + b"x" * 60_000_000 + b'"'
        with pytest.raises(DeadlineExceeded, match="ran out of time before any answer"):
            PlatformClient(address, api_key, policy).publish_constitution(body, "1-a")
        assert time.monotonic() - started < 2.5
        done.set()
        reader.result()


def test_threads_may_share_a_client(platform, make_client):
    client = make_client(policy=HttpPolicy(timeout_seconds=5))
    with ThreadPoolExecutor(8) as pool:
        hashes_seen = {
            snapshot.content_hash
            for snapshot in pool.map(lambda _: client.fetch_export(), range(24))
        }
    assert len(hashes_seen) == 1
    assert len(platform.requests) == 24


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "platform.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder


@pytest.fixture
def tls_platform(certificate, clock):
    """A platform that speaks https."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with PlatformServer(tls=context, clock=clock, pause=clock.advance, drip_seconds=1.0) as server:
        yield server


def test_unknown_authority_is_refused_at_once(tls_platform, make_client, api_key):
    with pytest.raises(Unreachable, match="certificate that cannot be trusted") as caught:
        make_client(base_url=tls_platform.url).fetch_export()
    assert caught.value.attempts == 1
    assert "SSL_CERT_FILE" in str(caught.value)
    assert not tls_platform.requests


def test_own_authority_is_trusted_by_name(tls_platform, make_client, monkeypatch, certificate):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    client = make_client(base_url=tls_platform.url)
    client.publish_constitution({"a": 1}, "1-a")
    port = tls_platform.origin.rsplit(":", 1)[1]
    with pytest.raises(Unreachable, match="certificate that cannot be trusted"):
        make_client(base_url=f"https://localhost:{port}").fetch_export()


@pytest.mark.parametrize(
    "fault",
    ["reset_inside", "cut_length", "stall_inside", "chunked_cut", "lost_reply", "gzip_good"],
)
def test_faults_over_tls(fault, tls_platform, make_client, monkeypatch, certificate):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    tls_platform.prepare([fault])
    make_client(base_url=tls_platform.url).publish_constitution({"a": 1}, "1-a")
    assert len(tls_platform.applied) == 1


def test_slow_drip_over_tls_meets_the_deadline(tls_platform, make_client, monkeypatch, certificate):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    client = make_client(base_url=tls_platform.url)
    for fault in ("slow_drip", "slow_headers"):
        tls_platform.prepare([fault])
        with pytest.raises(DeadlineExceeded):
            client.fetch_export()
        assert len(tls_platform.requests) == 1
