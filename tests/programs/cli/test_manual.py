"""The manual pages: well-formed, and complete as to what the command says of itself."""

import re
import shutil
import subprocess

import pytest
from support import paths

PAGES = sorted((paths.REPOSITORY / "conf" / "man").glob("*.[1578]"))
COMMAND_PAGE = (paths.REPOSITORY / "conf" / "man" / "orgtrust.1").read_text()
COMMANDS = re.findall(r'^        \.name = "([a-z-]+)",$',
                      (paths.REPOSITORY / "cli" / "command.c").read_text(), re.MULTILINE)


@pytest.mark.skipif(not shutil.which("mandoc"), reason="needs mandoc")
@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_page_is_well_formed(page):
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_described(bare_world, command):
    for option in re.findall(r"^  --([a-z-]+)", bare_world.orgtrust("help", command).stdout,
                             re.MULTILINE):
        assert f"Fl -{option}" in COMMAND_PAGE, option


def test_every_command_has_its_place():
    """In the synopsis, and where it is described."""
    assert len(COMMANDS) > 10
    synopsis, described = COMMAND_PAGE.split(".Sh DESCRIPTION", 1)
    assert set(COMMANDS) <= set(re.findall(r"^\.Cm ([a-z-]+)", synopsis, re.MULTILINE))
    items = " ".join(re.findall(r"^\.It Cm (.*)$", described, re.MULTILINE)).split()
    assert set(COMMANDS) <= set(items)


@pytest.mark.parametrize("command, section", [("install", "INSTALLATION"), ("doctor", "PROOF")])
def test_every_stack_and_every_check_is_described(bare_world, command, section):
    """What completion takes from the tables, in the help, which is one text, and here."""
    offered = {line.split("\t")[0]
               for line in bare_world.orgtrust("complete", command, "").stdout.splitlines()}
    assert len(offered) > 5
    text = COMMAND_PAGE.split(f"\n.Sh {section}\n", 1)[1].split("\n.Sh ", 1)[0]
    assert offered <= set(re.findall(r"^\.It Cm (\S+)$", text, re.MULTILINE))
    listed = bare_world.orgtrust("help", command).stdout
    assert offered <= set(re.findall(r"[a-z0-9-]+", listed.split(";", 1)[0]))


def test_every_exit_status_is_in_both_tables():
    """common/base/exit_status.c against orgtrust(1) and docs/errors.md."""
    source = (paths.REPOSITORY / "common" / "base" / "exit_status.c").read_text()
    values = set(re.findall(r"return (\d+);", source))
    assert values == set(re.findall(r"^\.It (\d+)$", COMMAND_PAGE, re.MULTILINE))
    errors = (paths.REPOSITORY / "docs" / "errors.md").read_text()
    table = errors[errors.index("| exit status |"):].split("\n\n", 1)[0]
    assert values == set(re.findall(r"^\| (\d+) \|", table, re.MULTILINE))


def test_every_key_of_the_configuration_is_in_the_manual():
    source = (paths.REPOSITORY / "common" / "config" / "config_value.c").read_text()
    keys = set(re.findall(r'^    \{"([a-z_]+)", set_', source, re.MULTILINE))
    assert len(keys) > 10
    manual = (paths.REPOSITORY / "conf" / "man" / "orgtrust.conf.5").read_text()
    described = set(re.findall(r"[a-z_]+", " ".join(
        re.findall(r"^\.It Ic (.*)$", manual, re.MULTILINE))))
    assert keys == described


def test_every_export_is_in_the_manual():
    """The formats of `orgtrust export`, and the kinds of what a sync keeps in step."""
    export = paths.REPOSITORY / "common" / "export"
    for source, words, begin in [("format.c", r"FORMAT", ".It Fl -format"),
                                 ("plan.c", r"EXPORT", ".Va exports :")]:
        named = re.findall(rf"\[OT_{words}_\w+\] = \"(\w+)\"", (export / source).read_text())
        assert len(named) > 3
        text = COMMAND_PAGE[COMMAND_PAGE.index(begin):]
        text = text[:re.search(r"\n\.It |\.Va path", text[1:]).start()]
        assert set(named) <= set(re.findall(r"\w+", text)), source


def test_the_readme_is_short_and_its_links_lead_somewhere():
    pages = [paths.REPOSITORY / "README.md", *(paths.REPOSITORY / "docs").glob("*.md")]
    assert len(pages[0].read_text().splitlines()) <= 220
    for page in pages:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / link).is_file(), f"{page.name}: {link}"
