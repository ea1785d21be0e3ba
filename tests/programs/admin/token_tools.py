"""The tools that administer a PKCS#11 token, each with the verbs that it has, on a machine
with a token to administer an organization and one for a project. They find the tokens to
trust in orgtrust-pkcs11.so, and those to administer in orgtrust-admin-pkcs11.so."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import subprocess
import termios
from pathlib import Path

from support import paths, tls
from support.p11_system import P11System, need
from support.process import Result


class Scope:
    """Where a tool works: the organization, or a project by a source of its own."""

    def __init__(self, source: str, name: str, project: str | None):
        self.source = source
        self.trust = f"orgtrust{name}"
        self.admin = f"orgtrust admin{name}"
        self.uri = f"orgtrust://{'' if source == 'default' else source}/"
        self.project = project

    def trust_url(self, name: str | None = None) -> str:
        return url_of(self.trust, name)

    def admin_url(self, name: str | None = None) -> str:
        return url_of(self.admin, name)


def url_of(token: str, name: str | None = None) -> str:
    words = f"pkcs11:token={token}" + (f";object={name};type=cert" if name else "")
    return words.replace(" ", "%20")


SCOPES = {"organization": Scope("default", "", None),
          "project": Scope("lab", " lab", "proj_lab")}


def configure_scopes(world, **values):
    """Configures the sources of both scopes."""
    world.configure("[source lab]\nproject = proj_lab\n", refresh_interval="1h", **values)


def library_of(system: P11System, token: str) -> Path:
    """The module that has a token."""
    return system.admin_module if " admin" in token else system.module


class Tokens(P11System):
    """A machine with two tokens to trust and two to administer, of one organization with
    two certificates: `kept`, active in both scopes, and `inactive`."""

    def __init__(self, directory: Path, world, organization, certs):
        super().__init__(directory, world)
        self.api = {scope: organization.client(project=scope.project)
                    for scope in SCOPES.values()}
        self._ids = {name: organization.add(certs.ca(name, key=certs.new_key()), name, False)
                     for name in ("kept", "inactive")}
        configure_scopes(world)
        self.restore()

    def active(self, scope: Scope) -> dict[str, bool]:
        """Of each name in the organization: whether it is active in that scope."""
        return {cert["name"]: cert["active"] for cert in self.api[scope].list()}

    def restore(self):
        """As at first, whatever has become of it."""
        for client in self.api.values():
            client.activate(self._ids["kept"])
            client.deactivate(*(cert["id"] for cert in client.list()
                                if cert["id"] != self._ids["kept"]))
        for cert in client.list():
            if cert["id"] not in self._ids.values():
                client.delete(cert["id"])
        for scope in self.api:
            self.world.sync("--source", scope.source)

    def close(self):
        for client in self.api.values():
            client.close()


class Tool:
    """A tool and the scope that it works in. What the tool itself has no verb for is named
    in `lacks` and done by the command."""

    lacks: tuple[str, ...] = ()
    p11kit = False  # whether it finds the modules by p11-kit, not by their paths

    def __init__(self, tokens: Tokens, scope: Scope):
        self.tokens = tokens
        self.scope = scope
        self.key = {"PIN": tokens.world.key, "GNUTLS_PIN": tokens.world.key}

    def run(self, argv, *, status: int | None = 0, env=None, **more) -> Result:
        done = self.tokens.run(argv, p11kit=self.p11kit, env=env, **more)
        assert status is None or done.status == status, done
        return done

    def orgtrust(self, verb: str, *words):
        assert verb in self.lacks, f"{type(self).__name__} can {verb}"
        self.tokens.world.orgtrust(verb, *words, "--source", self.scope.source)

    def upload(self, cert, name: str):
        raise NotImplementedError

    def activate(self, cert, name: str):
        self.orgtrust("activate", name)

    def rename(self, cert, old: str, new: str):
        self.orgtrust("rename", old, new)

    def deactivate(self, cert, name: str):
        self.orgtrust("deactivate", name, "--yes")

    def delete(self, cert, name: str, **more) -> Result:
        raise NotImplementedError

    def shown(self, token: str, login=False) -> set[str]:
        """The names of the certificates on a token."""
        raise NotImplementedError

    def believes(self, server) -> bool:
        """Whether a TLS client of this kind finishes a handshake in this scope."""
        return tls.openssl_believes(self.tokens.world, server, self.scope.uri)


def labels(text: str, word: str) -> set[str]:
    return set(re.findall(rf"^\s*{word}:\s*(.*?)\s*$", text, re.MULTILINE | re.IGNORECASE))


class OpenSC(Tool):
    """pkcs11-tool, which renames and trusts nothing. The key comes by its environment."""

    lacks = ("activate", "rename", "deactivate")
    login = ("--login", "--pin", "env:PIN")

    def call(self, *argv, token: str | None = None, login=True, **more) -> Result:
        token = token or self.scope.admin
        return self.run([need("pkcs11-tool", "opensc"),
                         "--module", library_of(self.tokens, token), "--token-label", token,
                         *(self.login if login else ()), *argv], env=self.key, **more)

    def upload(self, cert, name):
        der = self.tokens.scratch() / "certificate.der"
        der.write_bytes(cert.der)
        self.call("--write-object", der, "--type", "cert", "--label", name)

    def delete(self, cert, name, **more):
        return self.call("--delete-object", "--type", "cert", "--label", name, **more)

    def shown(self, token, login=False):
        # A session that only reads has no place beside a security officer.
        done = self.call(*(["--session-rw"] if login else []), "--list-objects", token=token,
                         login=login)
        assert "rror" not in done.text, done
        return labels(done.stdout, "label")


class OpenSCAsOfficer(OpenSC):
    login = ("--login", "--login-type", "so", "--so-pin", "env:PIN")


class P11tool(Tool):
    """GnuTLS's p11tool, which trusts what it writes; gnutls-cli with the token's URL."""

    lacks = ("deactivate",)

    def call(self, *argv, token: str | None = None, **more) -> Result:
        library = library_of(self.tokens, token or self.scope.admin)
        direct = [] if self.p11kit else ["--provider", library]
        return self.run([need("p11tool", "gnutls-bin"), *direct, "--batch", *argv],
                        env=self.key, **more)

    def write(self, cert, name, *options):
        self.call("--login", "--write", "--load-certificate", cert.path, "--label", name,
                  *options, self.scope.admin_url())

    def upload(self, cert, name):
        self.write(cert, name)

    def activate(self, cert, name):
        """Nothing but what is written can be marked: what is there is written once more."""
        self.write(cert, name, "--mark-trusted")

    def rename(self, cert, old, new):
        self.call("--login", "--set-label", new, self.scope.admin_url(old))

    def delete(self, cert, name, **more):
        return self.call("--login", "--delete", self.scope.admin_url(name), **more)

    def shown(self, token, login=False):
        done = self.call(*(["--login"] if login else []), "--list-all-certs", url_of(token),
                         token=token, status=None)
        return labels(done.stdout, "label")

    def believes(self, server):
        return gnutls_believes(self.tokens, server, self.scope)


class P11toolByP11Kit(P11tool):
    p11kit = True


def gnutls_believes(tokens, server, scope: Scope) -> bool:
    """By p11-kit, without which the module vouches for nobody in GnuTLS."""
    host, port = server.address.split(":")
    done = tokens.run([need("gnutls-cli", "gnutls-bin"), "--x509cafile", scope.trust_url(),
                       "--verify-hostname", server.host, "--port", port, host], p11kit=True)
    assert (done.status == 0) is ("The certificate is trusted." in done.stdout), done
    assert done.status == 0 or "The certificate issuer is unknown." in done.stdout, done
    return done.status == 0


class Certutil(Tool):
    """NSS's certutil, which can do everything; tstclnt with the same database. The key comes
    by a file."""

    def __init__(self, tokens, scope):
        super().__init__(tokens, scope)
        self.database = tokens.scratch()
        self.certutil("-N", "--empty-password")
        for name, module in (("orgtrust", tokens.module),
                             ("orgtrust-admin", tokens.admin_module)):
            done = self.run([need("modutil", "libnss3-tools"),
                             "-dbdir", f"sql:{self.database}", "-add", name,
                             "-libfile", module, "-force"])
            assert f'Module "{name}" added' in done.text, done

    def certutil(self, *argv, **more) -> Result:
        return self.run([need("certutil", "libnss3-tools"), *argv,
                         "-d", f"sql:{self.database}"], **more)

    def call(self, *argv, token: str | None = None, **more) -> Result:
        return self.certutil(*argv, "-h", token or self.scope.admin,
                             "-f", self.tokens.world.key_file, **more)

    def nickname(self, name: str) -> str:
        return f"{self.scope.admin}:{name}"

    def upload(self, cert, name):
        self.call("-A", "-n", name, "-t", ",,", "-i", cert.path)

    def activate(self, cert, name):
        self.call("-M", "-n", self.nickname(name), "-t", "C,,")

    def rename(self, cert, old, new):
        self.call("--rename", "-n", self.nickname(old), "--new-n", new)

    def deactivate(self, cert, name):
        self.call("-M", "-n", self.nickname(name), "-t", ",,")

    def delete(self, cert, name, **more):
        return self.call("-D", "-n", self.nickname(name), **more)

    def shown(self, token, login=False):
        done = (self.call("-L", token=token) if login else
                self.certutil("-L", "-h", token, status=None))
        return set(re.findall(rf"^{re.escape(token)}:(.*?)\s+\S*,\S*,\S*\s*$", done.stdout,
                              re.MULTILINE))

    def believes(self, server):
        host, port = server.address.split(":")
        done = self.run([need("tstclnt", "libnss3-tools"), "-4", "-h", host, "-a",
                         server.host, "-p", port, "-d", f"sql:{self.database}", "-Q"],
                        status=None)
        assert done.status == 0 or "SEC_ERROR_UNKNOWN_ISSUER" in done.text, done
        return done.status == 0


class P11Kit(Tool):
    """p11-kit that is given a module's path; it asks for the key at its terminal."""

    lacks = ("activate", "rename", "deactivate")

    def call(self, command, *argv, **more) -> Result:
        return at_terminal(self.tokens, [
            need("p11-kit"), command, f"--provider={self.tokens.admin_module}", *argv],
            self.tokens.world.key)

    def upload(self, cert, name):
        self.call("import-object", f"--file={cert.path}", f"--label={name}", "--login",
                  self.scope.admin_url())

    def delete(self, cert, name, **more):
        return self.call("delete-object", "--login", self.scope.admin_url(name))

    def shown(self, token, login=False):
        url = f"{url_of(token)};type=cert"
        if login:
            done = self.call("list-objects", "--login", url)
        else:
            done = self.run([need("p11-kit"), "list-objects",
                             f"--provider={library_of(self.tokens, token)}", url])
        return labels(done.stdout, "label")

    def believes(self, server):
        return gnutls_believes(self.tokens, server, self.scope)


def at_terminal(tokens, argv, answer: str) -> Result:
    """Runs a command that asks at its terminal, which is not its standard input."""
    master, slave = pty.openpty()

    def own_the_terminal():
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    # Typed ahead, and echoed at the latest when the terminal's echo is off.
    settings = termios.tcgetattr(slave)
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(slave, termios.TCSANOW, settings)
    child = subprocess.Popen(
        list(map(str, argv)), env=tokens.env,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=own_the_terminal, pass_fds=(slave,))
    os.close(slave)
    os.read(master, 1)  # the question
    os.write(master, answer.encode() + b"\n")
    out, err = child.communicate(timeout=60 * paths.SLOWNESS)
    os.close(master)
    done = tokens.world.check(Result(list(map(str, argv)), child.returncode, out, err))
    assert done.status == 0, done
    return done
