"""Which schema version each asset's content has now, and how older ones become it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labelaudit_dagster.artifacts.errors import ArtifactSchemaError

Upgrade = Callable[[Any], Any]
"""Takes the loaded value of one schema version (a frame, a document, bytes, a `Bundle`) and
returns that of the next."""


class SchemaRegistry:
    """Schema versions and upgraders by asset.

    An asset that registered nothing has schema version 1. Registering an upgrader from version n
    makes n + 1 the current version, provided that there are upgraders from all versions before.
    """

    def __init__(self) -> None:
        self._upgrades: dict[str, dict[int, Upgrade]] = {}

    def register(self, asset: str, from_version: int, upgrade: Upgrade) -> None:
        """Add the step from one schema version of an asset to the next.

        Args:
            asset: asset name.
            from_version: version that the function reads, 1 or higher.
            upgrade: makes a value of version `from_version + 1`; it must not change its argument.

        Raises:
            ValueError: if the version is below 1 or has an upgrader already.
        """
        steps = self._upgrades.setdefault(asset, {})
        if from_version < 1 or from_version in steps:
            raise ValueError(f"{asset} cannot have another upgrader from version {from_version}.")
        steps[from_version] = upgrade

    def current_version(self, asset: str) -> int:
        """Schema version that writers of an asset produce now."""
        return max(self._upgrades.get(asset, {0: None})) + 1

    def needs_upgrade(self, asset: str, stored_version: int) -> bool:
        """Whether a stored version differs from the current one.

        Raises:
            ArtifactSchemaError: if a newer release wrote it, or a step is missing.
        """
        current = self.current_version(asset)
        if stored_version > current:
            raise ArtifactSchemaError(
                f"{asset} is stored with schema version {stored_version}, and this release knows "
                f"up to {current}; use the newer release that wrote it."
            )
        for version in range(stored_version, current):
            if version not in self._upgrades[asset]:
                raise ArtifactSchemaError(
                    f"{asset} is stored with schema version {stored_version}, and no upgrader "
                    f"leads from {version} to {version + 1}; register one or materialise it again."
                )
        return stored_version < current

    def upgrade(self, asset: str, stored_version: int, value: Any) -> Any:
        """Bring a value of an older schema version to the current one, step by step.

        Raises:
            ArtifactSchemaError: as `needs_upgrade`.
        """
        if self.needs_upgrade(asset, stored_version):
            for version in range(stored_version, self.current_version(asset)):
                value = self._upgrades[asset][version](value)
        return value


SCHEMAS = SchemaRegistry()
"""The registry that stores use unless they are given another."""
