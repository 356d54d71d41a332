"""What importing a source means for a home that may hold others already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from labelaudit_dagster.importers import SourceIdentity, same_source
from labelaudit_dagster.store.errors import SecondSourceError, TakenIdError

ImportMode = Literal["refuse", "replace", "merge"]


class KnownSource(Protocol):
    """What is looked at in a source that the home holds."""

    @property
    def identity(self) -> SourceIdentity:
        """What it is recognised by."""

    @property
    def prefix(self) -> str:
        """What its ids begin with here."""

    @property
    def shown_name(self) -> str:
        """Its name, for people."""


S = TypeVar("S", bound=KnownSource)


@dataclass(frozen=True)
class SourcePlan(Generic[S]):
    """What an import will do to the sources.

    Attributes:
        known: The source that it updates; None for a new one.
        prefix: What its ids get.
        ended: Sources that it replaces.
    """

    known: S | None
    prefix: str
    ended: tuple[S, ...]


def plan_import(
    current: list[S], identity: SourceIdentity, mode: ImportMode, *, what: str = "community"
) -> SourcePlan[S]:
    """Decide what an import of a source means for a home.

    Args:
        current: The current sources.
        identity: Of the source that is imported.
        mode: What to do when the home holds another source.
        what: What the sources fill, for the message: a home holds one of it.

    Raises:
        SecondSourceError: The home holds another source and `mode` is `refuse`; or the source
            does not name itself and could be any of several.
        TakenIdError: The source is to be merged and its prefix is taken.
    """
    alike = [source for source in current if same_source(source.identity, identity)]
    if len(alike) > 1:
        named = [
            s for s in alike if s.identity.name is not None and s.identity.name == identity.name
        ]
        if len(named) != 1:
            candidates = "; ".join(source.shown_name for source in alike)
            raise SecondSourceError(
                f"The source could be any of {candidates}; name it as one of them, or import it "
                "into another LABELAUDIT_HOME."
            )
        alike = named
    known = alike[0] if alike else None
    others = tuple(source for source in current if source is not known)
    if mode == "replace":
        return SourcePlan(known, known.prefix if known else "", others)
    if known or not current:
        return SourcePlan(known, known.prefix if known else "", ())
    if mode == "refuse":
        held = "; ".join(source.shown_name for source in current)
        raise SecondSourceError(
            f"This home already holds {held}, and a home holds one {what}. Use --replace to "
            "put the new source in its place, --merge to join both (the new ids then begin with "
            f"{identity.prefix}), or another LABELAUDIT_HOME."
        )
    taken = next((source for source in current if source.prefix == identity.prefix), None)
    if taken:
        raise TakenIdError(
            f"The ids of {taken.shown_name} already begin with {identity.prefix}; "
            "import the new source into another LABELAUDIT_HOME."
        )
    return SourcePlan(None, identity.prefix, ())
