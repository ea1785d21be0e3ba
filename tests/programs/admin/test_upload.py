"""orgtrust upload: what it takes, what it refuses, what it does not send twice."""

import subprocess

import pytest
from fault_server import Answer, error
from support import paths
from support.certs import der_of
from support.organization import Organization
from support.process import clean_environment
from support.world import DISK, NETWORK, NOT_FOUND, PROTOCOL, REFUSED, USAGE, World


def openssl(*argv, stdin=None) -> bytes:
    return subprocess.run([paths.OPENSSL, *map(str, argv)], input=stdin, check=True,
                          env=clean_environment(OPENSSL_CONF="/dev/null"),
                          capture_output=True, timeout=60).stdout


def contents(api) -> list[bytes]:
    return [der_of(api.contents[c["id"]]) for c in api.certs]


def test_pem_der_bundle_and_standard_input(machine, api, certs):
    one, two, three, four, five = certs.many(5, "Form")
    (machine.dir / "two.der").write_bytes(two.der)
    (machine.dir / "bundle").write_text(f"# first\n{three.pem}\nsecond:\r\n{four.pem}")
    done = machine.orgtrust("upload", one.path, machine.dir / "two.der",
                            machine.dir / "bundle", "-", stdin=five.pem.encode())
    assert contents(api) == [c.der for c in (one, two, three, four, five)]
    assert not any(c["active"] for c in api.certs)
    assert all(c["name"] is None for c in api.certs)
    assert done.stdout.count("uploaded cert_") == 5
    assert "(2 of 2)" in done.stdout and "from standard input" in done.stdout


def test_only_the_certificate_is_sent(machine, api, roots):
    noise = "password: hunter2\n" + openssl("x509", "-text", "-in", roots[0].path).decode()
    machine.orgtrust("upload", "-", stdin=noise.encode())
    (request,) = [r for r in api.requests if r.kind == "upload"]
    assert b"hunter2" not in request.body and b"Subject:" not in request.body
    assert contents(api) == [roots[0].der]


def secrets_of(certs, root):
    """What is no certificate, by what it is."""
    key = certs.new_key()
    pkcs8 = openssl("pkcs8", "-topk8", "-nocrypt", "-in", key)
    request = openssl("req", "-new", "-key", key, "-subj", "/CN=x", "-config", certs.config)
    return {
        "key": pkcs8,
        "traditional key": openssl("pkey", "-traditional", "-in", key),
        "encrypted key": openssl("pkcs8", "-topk8", "-passout", "pass:x", "-in", key),
        "key in DER": openssl("pkey", "-outform", "DER", "-in", key),
        "encrypted key in DER": openssl("pkcs8", "-topk8", "-passout", "pass:x",
                                        "-outform", "DER", "-in", key),
        "PKCS #12": openssl("pkcs12", "-export", "-inkey", root.key, "-in", root.path,
                            "-passout", "pass:x"),
        "certificate, then key": root.pem.encode() + pkcs8,
        "key, then certificate": pkcs8 + root.pem.encode(),
        "certificate, then a cut key": root.pem.encode() + pkcs8[:60],
        "SSH's form": b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n" + root.pem.encode(),
        "request": request,
        "public key": openssl("pkey", "-pubout", "-in", key),
        "two in DER": root.der + root.der,
        "cut": root.pem.encode()[:-30],
        "text": b"hello",
        "nothing": b"",
    }


def test_whatever_is_no_certificate_never_leaves_the_machine(machine, api, certs, roots):
    good = roots[1].path
    for what, data in secrets_of(certs, roots[0]).items():
        path = machine.dir / "input"
        path.write_bytes(data)
        for args in ([path], [good, path], ["-"]):
            done = machine.orgtrust("upload", *args, status=USAGE,
                                    stdin=data if args == ["-"] else None)
            assert "nothing was sent" in done.stderr, (what, done)
            if "key" in what and not what.startswith("public"):
                assert "private key" in done.stderr, (what, done)
    assert api.count() == 0 and api.certs == []


def containers(machine, one, two) -> dict[str, bytes]:
    """Two certificates, in what holds more than certificates."""
    both = machine.dir / "both.pem"
    both.write_text(one.pem + two.pem)
    pkcs7 = ("crl2pkcs7", "-nocrl", "-certfile", both)
    trusted = [openssl("x509", "-in", c.path, "-trustout", "-addtrust", "serverAuth",
                       "-setalias", "hunter2") for c in (one, two)]
    assert all(b"TRUSTED CERTIFICATE" in each for each in trusted)
    return {
        "PKCS #7": b"some text\n" + openssl(*pkcs7),
        "PKCS #7 in DER": openssl(*pkcs7, "-outform", "DER"),
        "TRUSTED CERTIFICATE": b"".join(trusted),
        "two in DER": one.der + two.der,
        "a mixture": trusted[0] + two.pem.encode(),
    }


def test_extract_takes_certificates_out_of_what_holds_more(machine, api, roots):
    for what, data in containers(machine, *roots[:2]).items():
        path = machine.dir / "input"
        path.write_bytes(data)
        refused = machine.orgtrust("upload", path, status=USAGE).stderr
        assert "nothing was sent: --extract takes them out" in refused, what
        assert api.count() == 0
        done = machine.orgtrust("upload", "--extract", path)
        assert done.stdout.count("uploaded cert_") == 2 and "(2 of 2)" in done.stdout
        assert contents(api) == [roots[0].der, roots[1].der], what
        sent = b"".join(r.body for r in api.requests if r.kind == "upload")
        assert b"hunter2" not in sent and sent.count(b"BEGIN CERTIFICATE") == 2
        api.certs.clear()
        api.forget()


def test_extract_takes_nothing_where_anything_else_is(machine, api, certs, roots):
    good = containers(machine, *roots[:2])
    bad = {what: data for what, data in secrets_of(certs, roots[0]).items()
           if what != "two in DER"}
    bad |= {"PKCS #7, then a key": good["PKCS #7"] + bad["key"],
            "two in DER, then a key": good["two in DER"] + bad["key in DER"],
            "PKCS #7 that is cut": good["PKCS #7"][:-40],
            "PKCS #7 in DER that is cut": good["PKCS #7 in DER"][:-1],
            "PKCS #7 in DER and more": good["PKCS #7 in DER"] + b"\n",
            "PKCS #7 of nothing": openssl("crl2pkcs7", "-nocrl")}
    for what, data in bad.items():
        path = machine.dir / "input"
        path.write_bytes(data)
        done = machine.orgtrust("upload", "--extract", roots[2].path, path, status=USAGE)
        assert "nothing was sent" in done.stderr and "--extract" not in done.stderr, (what, done)
    machine.orgtrust("upload", "--extract", "--as-is", roots[0].path, status=USAGE)
    assert api.count() == 0 and api.certs == []


def test_what_no_program_will_trust_is_warned_of(machine, api, certs, roots):
    leaf = certs.issue(roots[0], "www.corp.example", san="DNS:www.corp.example", days=400)
    soon = certs.ca("Soon", days=13)
    over = certs.dated("Over", "20200101000000Z", "20210101000000Z")
    later = certs.dated("Later", "20900101000000Z", "20910101000000Z")
    done = machine.orgtrust("upload", *(c.path for c in (leaf, soon, over, later, roots[1])))
    said = done.stderr.splitlines()
    assert len(said) == 4 and all(line.startswith("orgtrust: warning: ") for line in said)
    assert f"{leaf.path} is no authority (CA)" in said[0]
    assert f"{soon.path} expires " in said[1] and " in 1" in said[1]
    assert f"{over.path} expired 2021-01-01 " in said[2]
    assert f"{later.path} is not valid before 2090-01-01" in said[3]
    assert len(api.certs) == 5, "a warning ends nothing"
    directory = machine.dir / "roots"
    directory.mkdir()
    (directory / "leaf.pem").write_text(certs.issue(roots[0], "x", days=400).pem)
    done = machine.orgtrust("apply", directory, "--dry-run")
    assert "leaf.pem is no authority" in done.stderr


def test_names_that_do_not_do_what_is_meant_are_warned_of(synced, api, certs, roots):
    done = synced.orgtrust("upload", certs.ca("Other").path, "--name", "root 1")
    assert f"warning: {synced.ids[1]} is called 'root 1' already" in done.stderr
    nameless = api.add(certs.ca("Known by its CN"), name=None)
    synced.sync()
    called = f"warning: {nameless} is called 'Known by its CN' already, which is to be the name of "
    done = synced.orgtrust("upload", certs.ca("Third").path, "--name", "Known by its CN")
    assert called in done.stderr
    done = synced.orgtrust("rename", synced.ids[2], "root 1")
    assert f"{synced.ids[1]} is called 'root 1' already, which is to be the name of " \
        f"{synced.ids[2]};" in done.stderr
    assert synced.orgtrust("rename", synced.ids[1], "root one").stderr == ""
    done = synced.orgtrust("upload", roots[0].path, "--name", "new name")
    assert f"is there already as {synced.ids[0]} 'root 0', and --name" in done.stderr
    assert "orgtrust rename" in done.stderr
    assert api.item(synced.ids[0])["name"] == "root 0"
    assert synced.orgtrust("upload", roots[0].path, "--name", "root 0").stderr == ""
    api.item(synced.ids[0])["name"] = None
    done = synced.orgtrust("upload", roots[0].path, "--name", "new name")
    assert f"is there already as {synced.ids[0]} without a name, and --name" in done.stderr


def test_a_file_that_is_not_there(machine, api, roots):
    done = machine.orgtrust("upload", roots[0].path, "missing.pem", status=NOT_FOUND)
    assert "missing.pem" in done.stderr
    assert api.count() == 0


def test_a_name_is_for_one(machine, api, roots):
    machine.orgtrust("upload", roots[0].path, "--name", "näme 'x'")
    assert [c["name"] for c in api.certs] == ["näme 'x'"]
    done = machine.orgtrust("upload", roots[1].path, roots[2].path, "--name", "x",
                            status=USAGE)
    assert "one certificate" in done.stderr and len(api.certs) == 1


@pytest.mark.memory
def test_what_is_there_is_said_and_not_sent(synced, api, roots):
    before = synced.snapshot()
    done = synced.orgtrust("upload", roots[0].path, roots[2].path)
    assert api.count("upload") == 0
    assert api.count("get") == 0, "the snapshot knows the content"
    assert done.stdout == (
        f"already there {synced.ids[0]} 'root 0' from {roots[0].path}\n"
        f"already there {synced.ids[2]} 'root 2' from {roots[2].path}\n")
    assert synced.snapshot().content == before.content
    synced.orgtrust("upload", roots[2].path, "--activate")
    assert all(c["active"] for c in api.certs) and len(api.certs) == 3
    assert synced.count() == 3


def test_without_a_snapshot_the_content_is_asked_for(machine, api, roots):
    api.add(roots[0])
    assert "already there" in machine.orgtrust("upload", roots[0].path).stdout
    assert len(api.certs) == 1


def test_twice_on_the_command_line_is_once(machine, api, roots):
    machine.orgtrust("upload", roots[0].path, roots[0].path, "-", "--activate",
                     stdin=roots[0].der)
    assert len(api.certs) == 1 and api.certs[0]["active"]


def test_one_that_the_api_refuses_does_not_stop_the_others(machine, api, roots):
    def refuse(request, right):
        api.certs.pop()
        return error(400, "too weak")

    api.on("upload", refuse, nth=1)
    done = machine.orgtrust("upload", *(r.path for r in roots), "--activate",
                            status=REFUSED)
    assert contents(api) == [roots[0].der, roots[2].der]
    assert all(c["active"] for c in api.certs)
    assert f"upload {roots[1].path}: " in done.stderr and "too weak" in done.stderr
    assert "not uploaded" in done.stdout and "not tried: activate" in done.stdout
    assert machine.count() == 2


# Row 26: the answer to an upload is lost.

LOST = {
    "reset": lambda right: None,
    "cut": lambda right: Answer(200, right.body, truncate=20),
    "500": lambda right: error(500, "after the fact"),
    "html": lambda right: Answer(200, "<html>", content_type="text/html"),
    "late": lambda right: Answer(200, right.body, delay=3600),
}


@pytest.mark.memory
@pytest.mark.parametrize("lose", LOST.values(), ids=LOST.keys())
def test_fault_26_an_upload_whose_answer_is_lost_is_not_repeated(machine, api, roots, lose):
    api.add(roots[1])
    api.on("upload", lambda request, right: lose(right))
    done = machine.orgtrust("upload", roots[0].path, "--name", "x", "--activate")
    assert api.count("upload") == 1
    assert contents(api) == [roots[1].der, roots[0].der]
    assert api.certs[1]["active"]
    assert f"uploaded {api.certs[1]['id']} 'x'" in done.stdout
    assert machine.count() == 2


def test_fault_26_an_upload_that_did_not_arrive_is_repeated(machine, api, roots):
    def drop(request, right):
        api.certs.pop()

    api.on("upload", drop, nth=0)
    machine.orgtrust("upload", roots[0].path)
    assert api.count("upload") == 2
    assert contents(api) == [roots[0].der]


def test_fault_26_when_the_list_is_lost_too_the_next_command_finds_it(machine, api, roots):
    def lose(request, right):
        api.on("list", lambda request, right: None)

    api.on("upload", lose)
    done = machine.orgtrust("upload", roots[0].path, "--activate", status=NETWORK)
    assert "not known whether the upload arrived" in done.stderr
    assert "run the command again" in done.stderr
    api.heal()
    done = machine.orgtrust("upload", roots[0].path, "--activate")
    assert "already there" in done.stdout and "\nactivated" in done.stdout
    assert contents(api) == [roots[0].der]


def test_fault_26_an_api_that_never_does_it_is_given_up(machine, api, roots):
    def fail(request, right):
        api.certs.pop()
        return error(500, "no")

    api.on("upload", fail)
    machine.orgtrust("upload", roots[0].path, status=PROTOCOL)
    assert 1 < api.count("upload") <= 3
    assert api.certs == []


def test_fault_26_other_certificates_are_not_mistaken_for_it(machine, api, roots):
    """Somebody else uploads while our answer is lost."""
    def swap(request, right):
        api.certs.pop()
        api.add(roots[1])

    api.on("upload", swap, nth=0)
    machine.orgtrust("upload", roots[0].path)
    assert sorted(contents(api)) == sorted([roots[0].der, roots[1].der])


def test_a_dry_run_changes_nothing(synced, api, certs):
    before = (synced.snapshot(), api.certs.copy())
    root = certs.ca("Dry")
    done = synced.orgtrust("upload", root.path, "--activate", "--dry-run")
    assert done.stdout == (f"would upload from {root.path}\n"
                           f"would activate from {root.path}\n")
    assert (synced.snapshot(), api.certs) == before
    assert {r.method for r in api.requests} == {"GET"}


def test_a_directory_is_no_file(machine, api):
    assert "directory" in machine.orgtrust("upload", machine.dir, status=DISK).stderr
    assert api.count() == 0


def test_a_full_organization_says_what_to_do(tmp_path, fifty, certs):
    organization = Organization(tmp_path / "organization")
    world = World(tmp_path / "world", organization.base_url, organization.key)
    world.orgtrust("upload", *(c.path for c in fifty), "--activate")
    assert len(world.listed("--state", "active")) == 50
    before = (organization.api.list(), world.snapshot())
    done = world.orgtrust("upload", certs.ca("One too many").path, status=REFUSED)
    assert "holds 50 certificates" in done.stderr and "delete one first" in done.stderr
    assert (organization.api.list(), world.snapshot()) == before
    world.close()
    organization.stop()


def test_as_is_a_file_is_one_entry(organization, world, certs, tmp_path):
    first, second = certs.many(2, "As it is")
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(f"# ours\n{first.pem}{second.pem}")
    done = world.orgtrust("upload", bundle, "--as-is", "--name", "both", "--activate")
    assert done.stdout.count("uploaded cert_") == 1
    (entry,) = organization.api.list()
    assert entry["name"] == "both" and entry["active"]
    content = organization.api.get(entry["id"], content=True)["certificate_details"]["content"]
    assert first.pem.strip() in content and second.pem.strip() in content
    (shown,) = world.listed()
    assert shown["sha256"] == first.sha256 and second.cn in shown["warning"]
    again = world.orgtrust("upload", bundle, "--as-is")
    assert len(organization.api.list()) == 1 and "already" in again.stdout, \
        "it is known by its first certificate"


def test_as_is_the_same_file_twice_is_one_entry(organization, world, certs, tmp_path):
    """As without --as-is: what is there is not sent twice, nor is what has just been sent."""
    first, second = certs.many(2, "As it is, twice")
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(first.pem + second.pem)
    copy = tmp_path / "copy.pem"
    copy.write_text(f"# another text\n{first.pem}")
    done = world.orgtrust("upload", "--as-is", "--activate", bundle, bundle, copy)
    (entry,) = organization.api.list()
    assert entry["active"] and done.stdout.count("uploaded cert_") == 1
    assert f"from {bundle}\n" in done.stdout, "the first of them is sent"


@pytest.mark.parametrize("more, word", [
    ("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n", "private key"),
    ("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n", "certificate"),
    ("\x00", "UTF-8"),
])
def test_as_is_everything_in_it_is_a_certificate(machine, api, certs, more, word):
    path = machine.dir / "odd.pem"
    path.write_text(certs.ca("As is").pem + more)
    done = machine.orgtrust("upload", path, "--as-is", status=USAGE)
    assert word in done.stderr and api.count("upload") == 0


def test_what_the_hosted_api_is_known_to_refuse_is_said_before_it_is_sent(tmp_path, certs):
    """By its address alone: no test talks to it."""
    machine = World(tmp_path / "machine", key="sk-admin-hosted-rules")
    machine.configure("proxy = http://127.0.0.1:9", base_url="https://api.openai.com/v1")
    root = certs.many(1, "No key usage")[0]
    done = machine.orgtrust("upload", root.path, status=NETWORK)
    assert f"the hosted API is known to refuse {root.path}: its key usage" in done.stderr
    other = World(tmp_path / "other", key="orgtrust-admin-hosted-rules")
    other.configure(base_url="http://127.0.0.1:9/v1")
    assert "hosted" not in other.orgtrust("upload", root.path, status=NETWORK).stderr
