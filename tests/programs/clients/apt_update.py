"""apt-get update from an archive without packages, by apt's https method."""

from __future__ import annotations

import hashlib

from support.p11_system import need
from support.process import Result


def apt_update(world, url, cainfo, env=None, **more) -> Result:
    """url: a server of world.pages; cainfo: by what apt verifies it, None: by the system's
    authorities."""
    archive = world.pages / "apt" / "dists" / "stable"
    archive.mkdir(parents=True, exist_ok=True)
    empty = hashlib.sha256(b"").hexdigest()
    (archive / "Release").write_text(
        "Suite: stable\nCodename: stable\nDate: Sat, 01 Jan 2022 00:00:00 UTC\n"
        f"Components: main\nSHA256:\n {empty} 0 main/binary-all/Packages\n")
    state = world.scratch()
    for directory in ("lists/partial", "archives/partial", "etc/apt.conf.d",
                      "etc/preferences.d", "etc/sources.list.d"):
        (state / directory).mkdir(parents=True)
    (state / "etc" / "sources.list").write_text(f"deb [trusted=yes] {url}apt stable main\n")
    conf = state / "apt.conf"
    by = f'Acquire::https::CAInfo "{cainfo}";\n' if cainfo is not None else ""
    # For a name apt would ask for SRV records, elsewhere.
    conf.write_text(f"""\
Dir::State "{state}";
Dir::State::status "/dev/null";
Dir::Cache "{state}";
Dir::Etc "{state}/etc";
{by}Acquire::https::Proxy "DIRECT";
Acquire::EnableSrvRecords "false";
Acquire::Retries "0";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
""")
    return world.run([need("apt-get", "apt"), "-q", "update"],
                     env={"APT_CONFIG": str(conf)} | (env or {}), **more)
