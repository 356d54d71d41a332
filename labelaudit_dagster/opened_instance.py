"""The Dagster instance of a home."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labelaudit_dagster.home import HomeError, prepare_home
from labelaudit_dagster.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance


@contextmanager
def dagster_instance(settings: Settings) -> Iterator[DagsterInstance]:
    """Open the Dagster instance of the home.

    Raises:
        HomeError: if the home cannot be written, or Dagster's storage in it fails, here or inside
            the block.
    """
    from dagster import DagsterInstance

    prepare_home(settings)
    # Child processes of Dagster and its run workers find the instance by this variable.
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    with (
        storage_failures_named(settings),
        DagsterInstance.from_config(str(settings.dagster_home)) as instance,
    ):
        yield instance


@contextmanager
def storage_failures_named(settings: Settings) -> Iterator[None]:
    """Turn a failure of Dagster's storage inside the block into one that says what to do.

    Raises:
        HomeError: if it fails.
    """
    from sqlalchemy.exc import OperationalError

    try:
        yield
    except OperationalError as error:
        # Our own database translates its errors, so this one is of Dagster's.
        raise HomeError(
            f"Dagster's storage in {settings.dagster_home} failed ({error.orig}). Free space on "
            "the disk or mend its permissions; what was current is as it was."
        ) from error
