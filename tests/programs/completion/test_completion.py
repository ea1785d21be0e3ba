"""Completion in bash, zsh and fish: what TAB offers, and what it puts into the line."""

import collections
import random
import re

import pytest

from shells import SCRIPTS, Bash
from support import paths
from support.process import clean_environment, run

# Names of certificates, what is typed of each, and whether in quotes.
NAMES = {
    "plain": ["pl"],
    "two words": ["two", "two\\ w", "'two w", '"two w'],
    "Root: web": ["Ro", "Root:", "'Root: w", '"Root:'],
    "it's \"quoted\"": ["it", '"it\'s', "it\\'s"],
    "$HOME `id` \\ back": ["\\$HO", "'$HO"],
    "wow!now": ["wow", '"wow', "'wow"],
    "a=b;c|d&e<f>g": ["a=", "'a=b", "a="],
    "*glob?[x]{y}": ["\\*gl", '"*glob'],
    "#hash ~tilde": ["\\#h", "'#h"],
    "Prüfstelle für Züge": ["Pr", "Prü", '"Prüf'],
    "証明書 一": ["証", "'証明"],
}


def options_of(text: str) -> dict[str, str]:
    return dict(re.findall(r"^  (--[a-z-]+)(?: [A-Z0-9:/a-z]+)? +(\S.*)$", text, re.MULTILINE))


def commands_of(text: str) -> dict[str, str]:
    listed = text[text.index("read:"):text.index("options:")]
    return dict(re.findall(r"^  ([a-z-]+) +(\S.*)$", listed, re.MULTILINE))


def test_every_command_and_option_of_help_is_offered(shell, machine):
    overview = machine.orgtrust("help").stdout
    commands = commands_of(overview)
    assert len(commands) > 14
    assert shell.offered("orgtrust ") == commands | options_of(overview)
    works = commands.keys() - {"help", "version"}
    for command in works:
        options = options_of(machine.orgtrust("help", command).stdout)
        assert "--json" in options
        assert shell.offered(f"orgtrust {command} --") == options, command
    assert shell.offered("orgtrust help ").keys() == works


def test_every_command_and_option_of_the_server_is_offered(shell):
    text = run([paths.SERVER, "--help"], env=clean_environment(), wrap=True).stdout
    options = options_of(text).keys()
    assert len(options) > 8
    assert shell.offered("orgtrust-server --").keys() == options
    text = re.sub(r"\n {20,}\[", " [", text)  # lines that go on
    usage: dict[str, dict[str, str]] = {}
    for group, command, arguments in re.findall(
            r"^       orgtrust-server ([a-z]+) ([a-z]+) (.*)$", text, re.MULTILINE):
        usage.setdefault(group, {})[command] = arguments
    assert usage.keys() == {"key", "project"} <= shell.offered("orgtrust-server ").keys()
    for group, commands in usage.items():
        assert shell.offered(f"orgtrust-server {group} ").keys() == commands.keys()
        for command, arguments in commands.items():
            assert (shell.offered(f"orgtrust-server {group} {command} --").keys()
                    == set(re.findall("--[a-z]+", arguments)))
    [alone] = re.findall(r"^       orgtrust-server migrate (.*)$", text, re.MULTILINE)
    assert "migrate" in shell.offered("orgtrust-server ")
    assert shell.offered("orgtrust-server migrate --").keys() == set(
        re.findall("--[a-z]+", alone))
    assert shell.offered("orgtrust-server key create --role ").keys() == {"admin", "read"}


def test_values_are_offered(shell, machine):
    machine.configure('[source lab]\nproject = proj_lab\n[source other]\n')
    sources = {"default", "lab", "other"}
    assert shell.offered("orgtrust sync --source ").keys() == sources
    assert shell.ran("orgtrust sync", "--source=l") == ["sync", "--source=lab"]
    assert shell.offered("orgtrust delete x --project ") == {"proj_lab": "lab"}
    assert shell.offered("orgtrust list --state ").keys() == {
        "all", "active", "inactive", "quarantined", "withheld", "limited"}
    formats = re.search("in which --format.*", machine.orgtrust("export", status=None).stderr)
    offered = shell.offered("orgtrust export --format ").keys()
    assert len(offered) == 4
    assert offered <= set(re.findall("[a-z0-9]+", formats[0]))
    stacks = re.search("Stacks: ([^;]*);",
                       " ".join(machine.orgtrust("help", "install").stdout.split()))[1]
    assert shell.offered("orgtrust install ").keys() == set(stacks.split(", "))
    checks = re.search("Checks: ([^;]*);",
                       " ".join(machine.orgtrust("help", "doctor").stdout.split()))[1]
    assert shell.offered("orgtrust doctor ").keys() == set(checks.split(", "))
    # What is there already is not offered again, but other stacks and options are.
    assert "nss" in shell.offered("orgtrust uninstall openssl ")
    assert "--json" not in shell.offered("orgtrust list --json --")
    assert not shell.offered("orgtrust list -- --")


def test_a_name_becomes_one_argument_whatever_is_in_it(shell, machine, api, roots):
    for name in NAMES:
        api.add(roots[0], name=name)
    machine.sync()
    api.forget()
    for name, beginnings in NAMES.items():
        for typed in beginnings:
            assert shell.ran("orgtrust show", typed) == ["show", name], typed
    assert shell.ran("orgtrust list", "--name=Root") == ["list", "--name=Root: web"]
    assert api.count() == 0


def test_a_certificate_is_named_by_its_id_where_its_name_will_not_do(shell, machine, api,
                                                                     certs, roots):
    ids = [api.add(root, name=name, active=name != "twice") for root, name in zip(
        certs.many(7, "Root"),
        ["twice", "twice", "-dash", "line\nend", "turn\u202earound", None, "fine"])]
    machine.sync()
    labels = {c["id"]: c["label"] for c in machine.listed()}
    assert sorted(labels[i] for i in ids[:2]) == ["twice", "twice (2)"]
    by_label = {*(labels[i] for i in ids[3:6]), "twice (2)", "fine"}
    unusable = {ids[2], next(i for i in ids if labels[i] == "twice")}
    shown = shell.offered("orgtrust show ")
    assert shown.keys() == unusable | by_label
    assert shown["twice (2)"].endswith(", inactive")
    assert shell.ran("orgtrust show", labels[ids[3]][:3]) == ["show", labels[ids[3]]]
    assert machine.orgtrust("show", labels[ids[3]], "--json").json()["id"] == ids[3]
    assert shown["fine"] == f"{ids[6]}, active"
    assert shell.offered("orgtrust show cert_").keys() >= set(ids)
    assert shell.offered("orgtrust rename --by-id ").keys() == set(ids)
    assert shell.offered("orgtrust export --id ").keys() == set(ids)
    assert shell.offered(f"orgtrust delete --deactivate {ids[0]} ").keys() == \
        (unusable | by_label) - {ids[0], labels[ids[0]]}
    assert shell.offered("orgtrust list --name ").keys() == by_label


def offered_words(machine) -> list[str]:
    text = machine.orgtrust("complete", "show", "").stdout
    return [line.split("\t")[0] for line in text.splitlines()]


def test_of_many_names_those_of_one_certificate_are_offered(machine, api, roots):
    """Held against a count of our own."""
    draw = random.Random(17)
    names = {api.add(roots[0], name=name): name
             for name in (f"name {draw.randrange(200)}" for _ in range(200))}
    machine.sync()
    counts = collections.Counter(names.values())
    alone = [name for name, count in counts.items() if count == 1]
    assert len(alone) > 40
    labels = {c["id"]: c["label"] for c in machine.listed()}
    assert sorted(offered_words(machine)) == sorted(
        alone + [cert_id if labels[cert_id] == name else labels[cert_id]
                 for cert_id, name in names.items() if counts[name] > 1])


def test_fault_42_behind_a_damaged_record_a_name_may_be_there_again(machine, api, roots):
    ids = [api.add(roots[0], name=name)
           for name in ("twin", "fine", "damaged", "twin", "last")]
    machine.sync()
    path = machine.snapshot_path()
    content = bytearray(path.read_bytes())
    assert offered_words(machine) == [ids[0], "fine", "damaged", "twin (2)", "last"]
    content[content.index(ids[2].encode())] ^= 1
    path.write_bytes(content)
    assert offered_words(machine) == [ids[0], "fine"]


def test_a_verb_is_offered_what_it_can_act_on(shell, machine, api, certs):
    for name, active in (("on", True), ("off", False)):
        api.add(certs.ca(name), name=name, active=active)
    machine.sync()
    for verb, offered in {"activate": {"off"}, "deactivate": {"on"}, "delete": {"off"},
                          "delete --deactivate": {"on", "off"},
                          "activate --until 30d": {"on", "off"},
                          "deactivate --project proj_a": {"on", "off"},
                          "impact": {"on"}, "rename": {"on", "off"},
                          "show": {"on", "off"}}.items():
        assert shell.offered(f"orgtrust {verb} ").keys() == offered, verb


def test_of_a_projects_source_it_is_what_the_project_has(shell, machine, api, certs):
    """What the organization has active there is not for this scope to end."""
    api.add(certs.ca("both"), name="both")
    above = api.add(certs.ca("above"), name="above")

    def answer(request, right):
        for item in right.body["data"]:
            item["active"] = item["id"] != above or not request.project
        return right

    api.on("list", answer)
    machine.configure("project = proj_a\n")
    machine.sync()
    assert shell.offered("orgtrust deactivate ").keys() == {"both"}
    assert shell.offered("orgtrust activate ").keys() == {"above"}
    assert shell.offered("orgtrust delete --deactivate ").keys() == {"both", "above"}


def test_files_and_directories_are_the_shells_own(shell):
    (shell.here / "a certificate.pem").write_text("content")
    (shell.here / "a directory").mkdir()
    begun, whole = "a\\ c", "a certificate.pem"
    assert shell.ran("orgtrust upload", begun) == ["upload", whole]
    assert shell.ran("orgtrust upload", "'a c") == ["upload", whole]
    assert shell.ran("orgtrust export", f"--output={begun}") == ["export", f"--output={whole}"]
    assert shell.ran("orgtrust export --output", begun) == ["export", "--output", whole]
    assert shell.ran("orgtrust apply", "a")[1].rstrip("/") == "a directory"
    assert shell.ran("orgtrust-server --db", begun) == ["--db", whole]
    if isinstance(shell, Bash):  # in the others it is the shell that completes these
        assert shell.ran("orgtrust list", f"--json 2>{begun}") == ["list", "--json"]
        assert (shell.here / whole).read_text() == ""


@pytest.mark.parametrize("state", ["nothing configured", "a bad configuration",
                                   "no snapshot", "a damaged snapshot"])
def test_without_what_it_would_read_it_is_silent(shell, machine, api, roots, state):
    if state == "nothing configured":
        machine.conf.unlink()
    elif state == "a bad configuration":
        machine.configure("nonsense\n")
    elif state == "a damaged snapshot":
        api.add(roots[0], name="root")
        machine.sync()
        machine.snapshot_path().write_bytes(b"x" * 4096)
    api.forget()
    before = sorted(machine.dir.rglob("*"))
    options = shell.offered("orgtrust show --")
    assert "--pem" in options
    # Nothing but the options: no name, and no word of what is wrong.
    assert shell.offered("orgtrust show ") in (options, {})
    assert shell.offered("orgtrust sync --source ").keys() <= {"default"}
    assert sorted(machine.dir.rglob("*")) == before
    assert api.count() == 0


def test_the_script_is_well_formed_and_for_its_program(tmp_path):
    checks = {".bash": ["shellcheck", "--shell=bash"], ".zsh": ["zsh", "-n"],
              ".fish": ["fish", "-n"]}
    for script in SCRIPTS.glob("*.*sh"):
        done = run([*checks[script.suffix], script], env=clean_environment(HOME=str(tmp_path)))
        assert done.status == 0 and not done.text, str(done)
        assert script.stem in script.read_text().splitlines()[0]


def test_the_command_says_what_complete_is_for(machine):
    assert "completion scripts" in machine.orgtrust("complete", status=2).stderr
