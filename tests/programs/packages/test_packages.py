"""The Debian packages: they build, lintian is content, and in a fresh Debian 12 and 13 they
install, work and leave nothing."""

import re
import subprocess

import pytest
from support import paths
from support.packages import NAMES, enter_root, make_packages, with_packages
from support.process import clean_environment, run

pytestmark = with_packages


@pytest.fixture(scope="module")
def debs(tmp_path_factory):
    """The directory with the packages of this build."""
    return make_packages(tmp_path_factory.mktemp("packages"))


def files_of(deb):
    listing = subprocess.run(["dpkg-deb", "--fsys-tarfile", deb], check=True,
                             capture_output=True).stdout
    return set(subprocess.run(["tar", "-t"], input=listing, check=True,
                              capture_output=True).stdout.decode().split())


def test_packages_build_and_lintian_finds_nothing(debs):
    found = sorted(debs.glob("*.deb"))
    assert {deb.name.split("_")[0] for deb in found} == NAMES
    seen = set()
    for deb in found:
        files = {name for name in files_of(deb) if not name.endswith("/")}
        assert not files & seen, "in two packages"
        seen |= files
        for name in files:
            assert name.startswith(("./usr/", "./etc/default/",
                                    "./etc/apparmor.d/abstractions/")), name
    # Every program, plugin and manual page is in some package.
    assert {f"./usr/share/man/man{page.suffix[1:]}/{page.name}.gz"
            for page in (paths.REPOSITORY / "conf" / "man").glob("*.[1578]")} <= seen
    for name in ("/ossl-modules/orgtrust.so", "/pkcs11/orgtrust-pkcs11.so",
                 "/pkcs11/orgtrust-admin-pkcs11.so", "/pkcs11/orgtrust-distrust-pkcs11.so",
                 "/p11-kit/modules/orgtrust-admin.module",
                 "/bin/orgtrust", "/bin/orgtrust-server",
                 "/bash-completion/completions/orgtrust",
                 "/zsh/vendor-completions/_orgtrust",
                 "/fish/vendor_completions.d/orgtrust-server.fish"):
        assert any(path.endswith(name) for path in seen), name
    done = run(["lintian", "--allow-root", "--fail-on", "error,warning", *found],
               env=clean_environment(), timeout=120)
    assert done.status == 0, str(done)


def test_the_command_depends_on_what_it_loads(debs):
    (deb,) = debs.glob("orgtrust_*.deb")
    needs = run(["dpkg-deb", "--field", deb, "Depends"], env=clean_environment()).stdout
    assert re.search(r"\blibcurl4(t64)? \(>= 7\.88\)", needs), needs
    assert "libssl3" in needs, "what is linked dpkg-shlibdeps has found"


def test_what_is_in_etc_stays_as_its_administrator_changes_it(debs):
    for deb in debs.glob("*.deb"):
        marked = run(["dpkg-deb", "--info", deb, "conffiles"], env=clean_environment())
        assert {f".{name}" for name in marked.stdout.split()} == {
            name for name in files_of(deb)
            if name.startswith("./etc/") and not name.endswith("/")}, deb


def test_what_was_installed_by_hand_is_removed_by_the_target(tmp_path):
    # The manifest is of the build directory: a copy of it that installs the same files.
    env = clean_environment(DESTDIR=str(tmp_path / "root"))
    listing = paths.BUILD / "install_manifest.txt"
    kept = listing.read_bytes() if listing.exists() else None
    script = (paths.BUILD / "uninstall.cmake").read_text()
    manifest = tmp_path / "install_manifest.txt"
    (tmp_path / "uninstall.cmake").write_text(script.replace(str(listing), str(manifest)))
    try:
        done = run(["cmake", "--install", paths.BUILD], env=env)
        assert done.status == 0, str(done)
        manifest.write_bytes(listing.read_bytes())
    finally:
        if kept is None:
            listing.unlink(missing_ok=True)
        else:
            listing.write_bytes(kept)
    other = tmp_path / "root/usr/share/orgtrust/of-somebody-else"
    other.write_text("stays\n")
    done = run(["cmake", "-P", tmp_path / "uninstall.cmake"], env=env)
    assert done.status == 0, str(done)
    left = [path for path in (tmp_path / "root").rglob("*") if not path.is_dir()]
    assert left == [other]
    assert not (tmp_path / "root/usr/lib/orgtrust").exists()


@pytest.mark.long
@pytest.mark.parametrize("root", ["bookworm", "trixie"])
def test_installed_used_and_purged_in_a_fresh_root(debs, root):
    done = enter_root(root, debs, "tests/programs/packages/walk", debs, timeout=900)
    assert done.status == 0, str(done) + done.text[-6000:]
    assert "walk: nothing was left" in done.stdout


@pytest.mark.long
@pytest.mark.parametrize("root", ["bookworm", "trixie"])
def test_upgraded_while_used_and_installed_again(debs, root):
    done = enter_root(root, debs, "tests/programs/packages/upgrade", debs, timeout=900)
    assert done.status == 0, str(done) + done.text[-6000:]
    assert "upgrade: the database is kept, and what was wired came back" in done.stdout


@pytest.mark.long
@pytest.mark.parametrize("root", ["bookworm", "trixie"])
def test_one_command_sets_up_a_fresh_root_and_takes_it_back(debs, root):
    done = enter_root(root, debs, "tests/programs/packages/setup_walk", debs, timeout=900)
    assert done.status == 0, str(done) + done.text[-6000:]
    assert "setup_walk: every file is as it was" in done.stdout
