"""What an operator looks after: the state of the home, publications, ways in."""

from __future__ import annotations

from app_api.routers.administration import entrances, publications, status

ADMINISTRATION_ROUTERS = (status.router, publications.router, entrances.router)

__all__ = ["ADMINISTRATION_ROUTERS"]
