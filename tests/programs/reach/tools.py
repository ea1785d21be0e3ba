"""Programs that do one thing and end."""

from __future__ import annotations

from organization import PAGE, REPOSITORY
from program import NSS_REFUSALS, Program, either, is_address

NSS_DATABASE = ".local/share/pki/nssdb"


class OpenSsl(Program):
    name = "openssl s_client"
    refusals: tuple[str, ...] = ("verify error",)

    def believes(self, party):
        host = party.server.host
        name = (("-verify_ip", host) if is_address(host) else
                ("-servername", host, "-verify_hostname", host))
        done = self.run("openssl", "s_client", "-connect", party.server.address, *name,
                        "-verify_return_error", "-brief")
        return either(done, done.status == 0 and "Verification: OK" in done.stderr,
                      done.status == 1 and any(words in done.stderr
                                               for words in self.refusals))

    def run(self, *argv):
        return self.machine.run(*argv, stdin=b"")


class Curl(Program):
    name = "curl"

    def believes(self, party):
        done = self.machine.run("curl", "-sS", party.server.url)
        return either(done, done.status == 0 and PAGE in done.stdout, done.status == 60)


class Wget(Program):
    name = "wget"

    def believes(self, party):
        done = self.machine.run("wget", "-q", "-O", "-", party.server.url)
        return either(done, done.status == 0 and PAGE in done.stdout, done.status == 5)


class Git(Program):
    name = "git"

    def believes(self, party):
        done = self.machine.run("git", "ls-remote", party.server.url + REPOSITORY)
        return either(done, done.status == 0 and "HEAD" in done.stdout,
                      done.status == 128 and any(words in done.stderr for words in (
                          "server certificate verification failed",
                          "server verification failed: ")))


class GnuTlsCli(Program):
    name = "gnutls-cli"

    def believes(self, party):
        done = self.machine.run("gnutls-cli", "--port", party.server.port,
                                party.server.host, stdin=b"")
        return either(done, done.status == 0 and "certificate is trusted" in done.text,
                      done.status == 1 and "certificate is NOT trusted" in done.text)


class P11Tool(Program):
    """Shows, and does not connect."""

    name = "p11tool"
    connects = False
    asks = "token"

    def believes(self, party):
        done = self.machine.run("p11tool", "--list-all-trusted", "pkcs11:token=orgtrust")
        names = [line.split(": ", 1)[1] for line in done.stdout.splitlines()
                 if line.strip().startswith("Label: ")]
        assert done.status == 0 and names, done
        return party.name in names


class Nss(Program):
    @property
    def database(self) -> str:
        return f"sql:{self.machine.home / NSS_DATABASE}"

    def has_database(self) -> bool:
        """Without one there is nobody that these could believe."""
        return (self.machine.home / NSS_DATABASE).exists()


class CertUtil(Nss):
    """Shows, and does not connect."""

    name = "certutil"
    connects = False

    def believes(self, party):
        if not self.has_database():
            return False
        done = self.machine.run("certutil", "-L", "-d", self.database, "-h", "all")
        assert "Certificate Nickname" in done.stdout, done
        letters = {line.split()[-1] for line in done.stdout.splitlines()
                   if f"{party.name} " in line}
        # The user's own database has a list of its own, of the same certificate.
        assert letters in (set(), {"CT,,"}, {"C,,"}, {"p,p,p"}), done
        return letters in ({"CT,,"}, {"C,,"})


class TstClnt(Nss):
    name = "tstclnt"

    def believes(self, party):
        if not self.has_database():
            return False
        request = self.machine.dir / "request"
        request.write_bytes(b"GET / HTTP/1.0\r\n\r\n")
        done = self.machine.run("tstclnt", "-d", self.database, "-4", "-h", party.server.host,
                                "-p", party.server.port, "-V", "tls1.2:tls1.3", "-A", request)
        return either(done, done.status == 0 and PAGE in done.stdout,
                      done.status != 0 and any(error in done.text for error in NSS_REFUSALS))


class KeyTool(Program):
    """Shows, and does not connect."""

    name = "keytool"
    connects = False

    def believes(self, party):
        done = self.machine.run("keytool", "-list", "-cacerts", "-storepass", "changeit")
        assert done.status == 0 and "Certificate fingerprint" in done.stdout, done
        digits = party.root.sha256.upper()
        return ":".join(map("".join, zip(*[iter(digits)] * 2))) in done.stdout


TOOLS = (OpenSsl, Curl, Wget, Git, GnuTlsCli, P11Tool, CertUtil, TstClnt, KeyTool)
