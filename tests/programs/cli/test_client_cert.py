"""An API that asks for a client certificate: nginx in front of orgtrust-server, by TLS with
`ssl_verify_client on`."""

import shutil
from pathlib import Path

import pytest
from fault_server import Answer
from support.asking_front import MISSING, NGINX, AskingFront
from support.process import run
from support.world import AUTH, CONFIG, REFUSED, World

pytestmark = pytest.mark.skipif(NGINX is None, reason=MISSING)


@pytest.fixture
def guarded(organization, certs, tmp_path):
    """A machine with a client certificate that is not configured yet."""
    front = AskingFront(tmp_path / "front", certs, organization.port)
    world = World(tmp_path / "world", front.base_url, organization.key)
    client = certs.issue(front.ca, "this machine", usage="clientAuth")
    world.front = front
    world.client_cert = world.dir / "client.pem"
    world.client_key = world.dir / "client.key"
    world.client_cert.write_text(client.pem)
    world.client_key.touch(mode=0o600)
    world.client_key.write_text(client.key.read_text())
    world.with_cert = {"ca_file": front.ca.path, "client_cert": world.client_cert,
                       "client_key": world.client_key}
    world.configure(ca_file=front.ca.path)
    yield world
    world.close()
    front.stop()


def test_sync_and_upload_with_one(guarded, organization, roots):
    organization.add(roots[0], "there")
    guarded.configure(**guarded.with_cert)
    guarded.sync()
    assert [c["name"] for c in guarded.listed()] == ["there"]
    guarded.orgtrust("upload", roots[1].path, "--name", "sent", "--activate")
    assert {c["name"] for c in organization.api.list()} == {"there", "sent"}


def test_certificate_and_key_in_one_file(guarded):
    guarded.client_key.write_text(guarded.client_key.read_text() +
                                  guarded.client_cert.read_text())
    guarded.configure(ca_file=guarded.front.ca.path, client_cert=guarded.client_key)
    guarded.sync()


def test_without_one_it_is_said_what_is_missing(guarded, roots):
    for words in (["sync"], ["upload", roots[0].path]):
        done = guarded.orgtrust(*words, status=AUTH)
        assert "asks for a client certificate" in done.stderr
        assert "client_cert and client_key of the source default" in done.stderr


def test_one_of_another_authority_is_said_to_be_refused(guarded, certs):
    other = certs.issue(certs.ca("Stranger"), "stranger", usage="clientAuth")
    guarded.client_cert.write_text(other.pem)
    guarded.client_key.write_text(other.key.read_text())
    guarded.configure(**guarded.with_cert)
    done = guarded.sync(status=AUTH)
    assert "does not take the client certificate" in done.stderr


@pytest.mark.parametrize("spoil, words", [
    (lambda w: w.client_key.chmod(0o644), "chmod 600"),
    (lambda w: w.client_key.unlink(), "client_key of the source default"),
    (lambda w: w.client_key.write_text("nothing"), "holds no private key"),
    (lambda w: w.client_cert.write_text("nothing"), "holds no certificate"),
], ids=["mode", "absent", "no key", "no certificate"])
def test_a_file_that_cannot_be_used_is_named(guarded, spoil, words):
    spoil(guarded)
    guarded.configure(**guarded.with_cert)
    done = guarded.sync(status=None)
    assert done.status != 0 and words in done.stderr, done


def test_a_key_of_another_certificate(guarded, certs):
    guarded.client_key.write_text(certs.ca("Other", key=certs.new_key()).key.read_text())
    guarded.configure(**guarded.with_cert)
    assert "not the key of client_cert" in guarded.sync(status=CONFIG).stderr


def test_a_token_without_a_provider_is_said(guarded):
    guarded.configure(**guarded.with_cert | {"client_key": "pkcs11:object=none"})
    done = guarded.sync(status=CONFIG)
    assert "PKCS #11" in done.stderr or "no private key under this URI" in done.stderr


@pytest.fixture
def token(guarded):
    """The URI of the machine's key on a token of SoftHSM, which has its certificate, too."""
    tool, writer = shutil.which("softhsm2-util"), shutil.which("pkcs11-tool")
    found = [*Path("/usr/lib").glob("*/ossl-modules/pkcs11.so"),
             *Path("/usr/lib64/ossl-modules").glob("pkcs11.so")]
    if tool is None or writer is None or not found:
        pytest.skip("no pkcs11-provider, softhsm2 or opensc here: tests/run --long runs this "
                    "in a Debian 13 root")
    tokens = guarded.dir / "tokens"
    tokens.mkdir()
    conf = guarded.dir / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\n")
    guarded.env["SOFTHSM2_CONF"] = str(conf)
    guarded.env["PKCS11_PROVIDER_MODULE"] = next(
        str(p) for p in Path("/usr/lib").rglob("libsofthsm2.so"))
    pin = guarded.dir / "pin"
    pin.touch(mode=0o600)
    pin.write_text("4711")
    module = guarded.env["PKCS11_PROVIDER_MODULE"]
    named = ["--label", "tls", "--id", "01"]
    for argv in ([tool, "--init-token", "--free", "--label", "machine", "--so-pin", "0815"],
                 [tool, "--import", guarded.client_key, "--token", "machine", *named],
                 [writer, "--module", module, "--login", "--type", "cert", *named,
                  "--write-object", guarded.client_cert]):
        done = run([*argv, "--pin", "4711"], env=guarded.env)
        assert done.status == 0, done
    guarded.client_key.unlink()
    return f"pkcs11:token=machine;object=tls?pin-source=file:{pin}"


def test_a_key_that_never_leaves_its_token(guarded, organization, roots, token):
    organization.add(roots[0], "there")
    guarded.configure(**guarded.with_cert | {"client_key": token})
    guarded.sync()
    assert [c["name"] for c in guarded.listed()] == ["there"]
    guarded.configure(**guarded.with_cert | {"client_key": token, "client_cert": token})
    guarded.orgtrust("upload", roots[1].path, "--name", "sent", "--activate")
    assert {c["name"] for c in organization.api.list()} == {"there", "sent"}


def test_nobody_is_asked_for_a_pin(guarded, token):
    guarded.configure(**guarded.with_cert | {"client_key": token.split("?")[0]})
    done = guarded.sync(status=CONFIG, timeout=10)
    assert "no private key under this URI" in done.stderr and "pin-source" in done.stderr


def test_the_headers_of_the_official_clients(machine, api):
    def sent():
        api.forget()
        machine.sync(env=env)
        headers = api.requests[0].headers
        return headers.get("openai-organization"), headers.get("openai-project")

    env = {}
    assert sent() == (None, None)
    env = {"OPENAI_ORG_ID": "org-1", "OPENAI_PROJECT_ID": "proj_1"}
    assert sent() == ("org-1", "proj_1")
    machine.configure(openai_organization="org-2")
    assert sent() == ("org-2", "proj_1")
    machine.configure(openai_organization="none", openai_project="none")
    assert sent() == (None, None)
    env = {"OPENAI_ORG_ID": "org 1\r\nX: y"}
    machine.configure()
    machine.sync(env=env, status=CONFIG)


def test_a_page_about_something_else_is_not_about_a_certificate(machine, api):
    api.on("list", lambda request, right: Answer(400, "<html>no</html>",
                                                 content_type="text/html"))
    assert "client certificate" not in machine.sync(status=None).stderr


@pytest.fixture
def mutual(guarded, organization, roots):
    """The authority of its own certificate is active, and another one."""
    guarded.own = organization.add(guarded.front.ca, "ours")
    guarded.other = organization.add(roots[0], "other")
    guarded.configure(**guarded.with_cert)
    return guarded


def active(organization) -> set:
    return {c["name"] for c in organization.api.list() if c["active"]}


def test_a_lock_out_is_stopped(mutual, organization, tmp_path, roots):
    wanted = tmp_path / "wanted"
    wanted.mkdir()
    (wanted / "other.pem").write_text(roots[0].pem)
    for words in (["deactivate", "ours", "--yes"], ["deactivate", "--all", "--yes"],
                  ["apply", wanted, "--yes"], ["delete", "ours", "--deactivate", "--yes"],
                  ["deactivate", "ours", "--dry-run"]):
        done = mutual.orgtrust(*words, status=REFUSED)
        assert "--even-if-it-locks-me-out" in done.stderr, words
        assert active(organization) == {"ours", "other"}, words
    mutual.orgtrust("deactivate", "other", "--yes")
    assert active(organization) == {"ours"}
    mutual.orgtrust("deactivate", "ours", "--yes", "--even-if-it-locks-me-out")
    assert active(organization) == set()


def test_the_first_activation_may_lock_out(mutual, organization, certs):
    organization.api.deactivate(mutual.own, mutual.other)
    mutual.orgtrust("activate", "other", status=REFUSED)
    mutual.orgtrust("activate", "other", "ours")
    assert active(organization) == {"ours", "other"}


def test_whom_nothing_vouched_for_is_not_locked_out(mutual, organization):
    organization.api.deactivate(mutual.own)
    mutual.orgtrust("deactivate", "other", "--yes")
    assert active(organization) == set()


def test_in_a_project_the_organizations_authority_vouches(mutual, organization):
    organization.create_project("proj_a")
    organization.client(project="proj_a").activate(mutual.own)
    mutual.orgtrust("deactivate", "ours", "--yes", "--project", "proj_a")
    assert active(organization) == {"ours", "other"}


def test_an_upload_may_bring_the_authority(guarded, organization, roots):
    organization.add(roots[0], "other", active=False)
    guarded.configure(**guarded.with_cert)
    guarded.orgtrust("upload", guarded.front.ca.path, "--activate")
    assert len(active(organization)) == 1
