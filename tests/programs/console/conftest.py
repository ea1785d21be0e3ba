"""The page at /console/ in a real browser, of a server on either database."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import pytest  # noqa: E402

from console_page import Desk, Page  # noqa: E402
from support import paths  # noqa: E402
from support.databases import *  # noqa: E402, F403
from support.npm import install  # noqa: E402
from support.organization import Organization  # noqa: E402
from support.p11_system import need  # noqa: E402


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    made = Desk(tmp_path_factory.mktemp("desk"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def browser(desk):
    """One for all tests of a module; each has a page of its own."""
    started = desk.chromium(need("chromium"))
    yield started
    started.stop()


@pytest.fixture
def page(browser, organization):
    made = Page(browser, f"http://127.0.0.1:{organization.port}/console/")
    yield made
    made.close()


@pytest.fixture
def admin(page, organization):
    """A page that has been opened with an admin key."""
    page.open(organization.key)
    return page


@pytest.fixture(scope="session")
def axe():
    """The source of axe-core."""
    directory = paths.BUILD / "axe-core"
    if not install(Path(__file__).parent / "package.json", directory):
        pytest.skip("npm could not install axe-core")
    return (directory / "node_modules/axe-core/axe.min.js").read_text()


@pytest.fixture
def reader(organization) -> str:
    return organization.create_key("read", "a reader")

