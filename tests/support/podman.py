"""podman on a machine without rights over its limits and networks."""

from pathlib import Path

HAS_GROUPS = Path("/sys/fs/cgroup").is_dir()

PODMAN = ("podman", "--runtime", "runc", "--cgroup-manager", "cgroupfs")
RUN = ("run", "--rm", "--network", "host", "--ulimit", "nofile=1024:1024", "--ulimit",
       "nproc=1024:1024", "--pids-limit", "0")
# For sh, with a directory: a root of the machine's programs, and nothing else of it.
MAKE_ROOT = r"""
set -eu
mkdir -p "$1" && cd "$1"
mkdir dev etc proc run srv sys tmp usr var
for name in bin sbin lib lib64; do ln -s "usr/$name" "$name"; done
mount --bind /usr usr
cp -a /etc/passwd /etc/group /etc/ld.so.cache /etc/alternatives etc/
cp -a /etc/java-* etc/ 2>/dev/null || true
"""
