"""Whether the machine is what it was: file by file."""

from __future__ import annotations

from machine import Machine

JAVA_STORE = "/etc/ssl/certs/java/cacerts"

# Each with the reason why it may differ. What ends in a slash is all that is below it, and
# the directory.
AFTER_UNINSTALL = {
    "/etc/cni/net.d/cni.lock": "podman's own",
    "/home/walker/.cache/": "fontconfig and browsers keep what they like",
    "/home/walker/.config/": "Chromium's crash reporter",
    JAVA_STORE: "Debian's hook writes the whole file anew; its entries are compared",
    "/var/cache/orgtrust/": "the snapshot; it goes with the package",
    "/var/lib/orgtrust": "holds the next one",
    "/var/lib/orgtrust/containers/": "stays for containers that have it mounted",
    "/var/lib/orgtrust/export/": "the administrator's configuration still asks for it",
}
AFTER_PURGE = {
    "/etc/cni/net.d/cni.lock": "as above",
    "/home/walker/.cache/": "as above",
    "/home/walker/.config/": "as above",
    "/home/walker/.local/": "Chromium makes a database where it has none",
    JAVA_STORE: "as above",
}


class Before:
    """The state when it was made."""

    def __init__(self, machine: Machine):
        self._machine = machine
        self._tree = machine.tree()
        self._java = self._java_entries()

    def _java_entries(self) -> list[str]:
        done = self._machine.root("keytool", "-list", "-rfc", "-cacerts", "-storepass",
                                  "changeit")
        entries = done.stdout.split("Alias name: ")[1:]
        assert len(entries) > 50, done
        return sorted(entries)

    def differences(self, what: str, aside: dict[str, str]) -> list[str]:
        """One line each; `aside` says what may differ."""
        now = self._machine.tree()
        found = [f"after {what}: {path}: {self._tree.get(path)} became {now.get(path)}"
                 for path in sorted(self._tree.keys() | now.keys())
                 if self._tree.get(path) != now.get(path) and not _is_aside(path, aside)]
        if self._java_entries() != self._java:
            found.append(f"after {what}: other entries in {JAVA_STORE}")
        return found


def _is_aside(path: str, aside: dict[str, str]) -> bool:
    return any(f"{path}/".startswith(name) if name.endswith("/") else path == name
               for name in aside)
