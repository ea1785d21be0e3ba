"""Fixtures of all tests that run real programs; see tests/support."""

import resource
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import pytest  # noqa: E402

from support import paths  # noqa: E402
from support.certs import CertFactory  # noqa: E402
from support.organization import Organization  # noqa: E402
from support.tls import TlsServer  # noqa: E402
from support.world import World  # noqa: E402


def pytest_configure(config):
    # Below nohup, and behind a script's &, these are ignored: what the tests start would
    # inherit that.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "long: takes minutes; runs with ORGTRUST_LONG=1")
    config.addinivalue_line(
        "markers", "concurrency: threads or processes at once; runs under ThreadSanitizer"
    )
    config.addinivalue_line("markers", "memory: worth running under valgrind too")


def pytest_collection_modifyitems(items):
    if paths.LONG:
        return
    for item in items:
        if "long" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="long; run with tests/run --long"))


@pytest.fixture(scope="session")
def certs(tmp_path_factory) -> CertFactory:
    return CertFactory(tmp_path_factory.mktemp("certs"))


@pytest.fixture(scope="session")
def roots(certs):
    """Three roots for tests that just need some."""
    return certs.many(3, "Example Root")


@pytest.fixture
def many_files():
    """For tests that hold thousands of connections open."""
    many = 16384
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < many:
        pytest.skip(f"needs {many} descriptors (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (many, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def organization(tmp_path):
    org = Organization(tmp_path / "organization")
    yield org
    org.stop()


@pytest.fixture
def world(tmp_path, organization):
    """A machine that is configured for the organization."""
    made = World(tmp_path / "world", organization.base_url, organization.key)
    yield made
    made.close()


@pytest.fixture
def bare_world(tmp_path):
    """A machine without an organization; tests configure it."""
    made = World(tmp_path / "world", "http://127.0.0.1:9/v1", "sk-admin-" + "k" * 40)
    yield made
    made.close()


@pytest.fixture
def server(tmp_path, certs):
    """A TLS server whose authority exists only in the organization."""
    authority = certs.ca("Only in the organization", key=certs.new_key())
    leaf = certs.issue(authority, "server.example", san="DNS:server.example")
    started = TlsServer(tmp_path, leaf)
    started.authority = authority
    yield started
    started.stop(signal.SIGKILL)
