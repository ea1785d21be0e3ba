"""NSS databases that know the module, directly or through p11-kit's proxy."""

from __future__ import annotations

from pathlib import Path

from module_world import ModuleWorld
from support.p11_system import need

DIRECT, PROXY = "direct", "proxy"
WAYS = (DIRECT, PROXY)

# As `orgtrust install` writes it: behind the user's own word and Mozilla's roots.
ORDER = 101


def make_database(world: ModuleWorld, directory: Path, way: str | None = DIRECT,
                  order: int | None = ORDER) -> Path:
    """An empty database in a directory; way None: one that does not know the module; order
    None: one that knows it without an order."""
    directory.mkdir(parents=True, exist_ok=True)
    certutil, modutil = need("certutil", "libnss3-tools"), need("modutil", "libnss3-tools")
    done = world.run([certutil, "-N", "-d", f"sql:{directory}", "--empty-password"])
    assert done.status == 0, done
    if way is not None:
        library = world.proxy if way == PROXY else world.module
        spec = f'library="{library}" name="orgtrust"'
        spec += f' NSS="trustOrder={order}"' if order is not None else ""
        done = world.run([modutil, "-dbdir", f"sql:{directory}", "-rawadd", spec, "-force"],
                         p11kit=way == PROXY)
        assert done.status == 0, done
    return directory
