"""Run configuration: the model and rule options, named as in settings and on the command line.

An option that is not given takes the value of the setting of the same name.
"""

from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from labelaudit_dagster.settings import Settings

if TYPE_CHECKING:
    from labelaudit_dagster.constitution import AcceptanceRule, Inertia
    from labelaudit_dagster.factorization import FactorizationParameters


def _option(name: str) -> Any:
    """Describe an option by the setting of the same name."""
    text = Settings.model_fields[name].description
    return Field(default=None, description=f"{text} Default: LABELAUDIT_{name.upper()}.")


class ModelOptions(dg.Config):
    """Options of the factorization."""

    method: str | None = _option("method")
    lambda_intercept: float | None = _option("lambda_intercept")
    lambda_factor: float | None = _option("lambda_factor")
    ndim: int | None = _option("ndim")
    learning_rate: float | None = _option("learning_rate")
    iteration_cap: int | None = _option("iteration_cap")
    tolerance: float | None = _option("tolerance")
    seed: int | None = _option("seed")

    def resolve(self, settings: Settings) -> "FactorizationParameters":
        """Fill in the settings.

        Raises:
            FactorizationError: if an option has a value that cannot work.
        """
        from labelaudit_dagster.factorization import FactorizationParameters

        return FactorizationParameters(**_filled(self, settings))


class RuleOptions(dg.Config):
    """Options of the acceptance rule."""

    intercept_threshold: float | None = _option("intercept_threshold")
    min_ratings: int | None = _option("min_ratings")
    min_support: float | None = _option("min_support")

    def resolve(self, settings: Settings) -> "AcceptanceRule":
        """Fill in the settings.

        Raises:
            ConstitutionError: if an option has a value that cannot work.
        """
        from labelaudit_dagster.constitution import AcceptanceRule

        given = _filled(self, settings)
        return AcceptanceRule(**{name: given[name] for name in RuleOptions.model_fields})


class ConstitutionOptions(RuleOptions):
    """Options of the constitution: the rule, and how far what is published may fall and stay."""

    inertia: float | None = _option("inertia")
    support_inertia: float | None = _option("support_inertia")

    def resolve_inertia(self, settings: Settings) -> "Inertia":
        """Fill in the settings.

        Raises:
            ConstitutionError: if an option has a value that cannot work.
        """
        from labelaudit_dagster.constitution import Inertia

        given = _filled(self, settings)
        return Inertia(given["inertia"], given["support_inertia"])


class UncertaintyOptions(RuleOptions):
    """Options of the uncertainty: the rule whose decisions are resampled, and how often."""

    bootstrap_replicates: int | None = _option("bootstrap_replicates")


def _filled(options: dg.Config, settings: Settings) -> dict[str, Any]:
    given = options.model_dump()
    return {
        name: getattr(settings, name) if value is None else value for name, value in given.items()
    }
