"""An organization that has something of everything that the page shows."""

from __future__ import annotations

import time


def _root(certs, cn: str, begin_days: float, end_days: float):
    """A root valid from so many days from now to so many days from now."""
    begin, end = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + 86400 * days))
                  for days in (begin_days, end_days))
    return certs.dated(cn, begin, end, key=certs.new_key())


def fill(organization, certs) -> dict[str, str]:
    """Roots of several lives in several scopes; the ids of "The old root" and so on."""
    made = {
        "old": _root(certs, "Example Root 2021", -1800, 12.5),
        "new": _root(certs, "Example Root 2026", -40, 3600),
        "other": _root(certs, "Partner Root R1", -300, 900),
        "unused": _root(certs, "Laboratory Root", -2000, -100),
        "next": _root(certs, "Laboratory Root 2", -60, 2000),
    }
    ids = {name: organization.api.upload(cert, f"The {name} root")
           for name, cert in made.items()}
    organization.client(project="canary").activate(ids["other"])
    organization.create_project("stores", "Stores, Germany")
    organization.api.activate(ids["old"], ids["new"])
    return ids
