"""`ConstitutionReader`: a version of the constitution and what it was made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from fastapi import Depends

from app_api.audit import BoundedCache
from app_api.constitution_cache import ConstitutionBody, constitution_body
from app_api.problems import ProblemError
from app_api.services import Provided
from labelaudit_dagster.artifacts import (
    ArtifactKeyError,
    ArtifactNotFoundError,
    ArtifactRef,
    ArtifactStore,
)
from labelaudit_dagster.current_constitution import (
    CurrentConstitution,
    find_participants,
    find_uncertainty,
    read_constitution,
)

if TYPE_CHECKING:
    import pandas as pd

    from labelaudit_dagster.constitution import AcceptanceRule, ModelFigures, PerspectiveBands

T = TypeVar("T")

_ASSET: Final = "constitution"
_BYTES_IN_MEMORY: Final = 8
"""Memory of a parsed document for each byte of its file, roughly."""


@dataclass(frozen=True, eq=False)
class ConstitutionView:
    """One version of the constitution. Shared by requests; nothing of it may be changed.

    Attributes:
        ref: The artifact version.
        document: As `labelaudit constitution --json --all` prints it.
        changes: Against the constitution before.
        by_id: The guidelines of the document by id.
        interval_level: Level of the intervals (0.9 for 90 %); None where there are none.
        uncertainty_ref: The artifact that the uncertainty comes from, if there is one.
        topics: Titles of topics by id.
        state: Names the versions that all of this was made from; for entity tags and keys.
    """

    ref: ArtifactRef
    document: dict[str, Any]
    changes: dict[str, Any]
    by_id: Mapping[str, dict[str, Any]]
    interval_level: float | None
    uncertainty_ref: ArtifactRef | None
    topics: Mapping[str, str]
    state: str
    _store: ArtifactStore
    _cache: BoundedCache

    @property
    def version(self) -> str:
        """The version."""
        return self.ref.version

    def rule(self) -> AcceptanceRule:
        """Return the rule that decides what gets in."""
        from labelaudit_dagster.constitution import AcceptanceRule

        return AcceptanceRule(
            **{
                name: self.document["parameters"][name]
                for name in ("intercept_threshold", "min_ratings", "min_support")
            }
        )

    def rule_for(self, record: Mapping[str, Any]) -> AcceptanceRule:
        """Return the rule by which the next constitution will judge a guideline."""
        from labelaudit_dagster.constitution import Inertia

        if record["status"] != "accepted":
            return self.rule()
        # Documents of before there was inertia do not name it.
        names, parameters = ("inertia", "support_inertia"), self.document["parameters"]
        return Inertia(*(parameters.get(name, 0.0) for name in names)).keeping(self.rule())

    def guideline(self, guideline_id: str) -> dict[str, Any]:
        """Return a guideline of the document.

        Raises:
            ProblemError: `not-found`.
        """
        found = self.by_id.get(guideline_id)
        if found is None:
            raise ProblemError(
                "not-found",
                "This constitution has no guideline of that id; /v1/constitution/guidelines lists "
                "what it has, and /v1/guidelines those that came later.",
            )
        return found

    def body(self) -> ConstitutionBody:
        """Return the document as strict JSON."""
        return self._cache.get(
            ("constitution body", self.state),
            lambda: constitution_body(CurrentConstitution(self.ref, self.document, self.changes)),
            lambda body: len(body.plain) + len(body.compressed),
        )

    def bands(self) -> PerspectiveBands:
        """Return who rated what along the range of perspectives.

        Raises:
            ArtifactError: What the constitution was made from cannot be read.
        """
        return self._cache.get(
            ("perspective bands", self.ref),
            self._read_bands,
            lambda bands: int(17 * bands.n_ratings.size + 200 * len(bands.guideline_ids)),
        )

    def raters(self) -> pd.DataFrame:
        """Return `participant_id`, `intercept`, `factor_0`, … of everybody who has rated.

        Raises:
            ArtifactError: They cannot be read.
        """
        ref = self._upstream("factorization")
        return self._cache.get(
            (ref, "raters"),
            lambda: self._store.load_table(ref, "raters"),
            lambda frame: int(frame.memory_usage(deep=True).sum()),
        )

    def who_took_part(self) -> pd.DataFrame:
        """Return raters by what is known of them; see `constitution.rater_groups`.

        Raises:
            ProblemError: `not-found`; what was known then is not kept any more.
            ArtifactError: It cannot be read.
        """
        ref = find_participants(self._store, self.ref)
        if ref is None:
            raise ProblemError(
                "not-found",
                "What was known of the participants of this version is not kept any more; ask for "
                "the current one.",
            )

        def count() -> pd.DataFrame:
            from labelaudit_dagster.constitution import rater_groups

            return rater_groups(
                self._store.load_table(ref), self.raters()["participant_id"].tolist()
            )

        return self._cache.get(
            (ref, "who took part", self.ref),
            count,
            lambda frame: int(frame.memory_usage(deep=True).sum()),
        )

    def trajectory(self) -> pd.DataFrame:
        """Return `loss` and, where the method has it, `kkt` by sweep."""
        return self._store.load_table(self._upstream("factorization"), "trajectory")

    def p_accepted(self) -> list[float]:
        """Return P(accepted) of the guidelines for which it is known."""
        rows = self.document["guidelines"]
        return [row["p_accepted"] for row in rows if row["p_accepted"] is not None]

    def figures(self) -> ModelFigures:
        """Return what estimates of other decisions need.

        Raises:
            ArtifactError: What the constitution was made from cannot be read.
        """
        from labelaudit_dagster.constitution import ModelFigures

        intercepts = self.raters()["intercept"]
        return ModelFigures(
            mu=float(self.document["mu"]),
            typical_leniency=float(intercepts.median()),
            demanding_leniency=float(intercepts.quantile(0.25)),
            lambda_intercept=float(self.document["parameters"]["lambda_intercept"]),
        )

    def remembered(self, key: str, make: Any) -> bytes:
        """Return bytes that are made from this version alone, made once.

        Args:
            key: Names them among all that is made from a version.
            make: Makes them.
        """
        found: bytes = self._cache.get(("constitution", key, self.state), make, len)
        return found

    def derived(self, key: str, make: Callable[[], T]) -> T:
        """Return something small that is made from this version alone, made once.

        Args:
            key: Names it among all that is made from a version.
            make: Makes it; a list with a row for each guideline at most.
        """
        size = 1_000 * len(self.by_id)
        return self._cache.get(("constitution", key, self.state), make, lambda _: size)

    def _upstream(self, asset: str) -> ArtifactRef:
        return self._store.resolve_upstream(self.ref, asset)

    def _read_bands(self) -> PerspectiveBands:
        from labelaudit_dagster.constitution import perspective_bands
        from labelaudit_dagster.factorization.tables import factor_columns

        matrix = self._upstream("response_matrix")
        triples = self._store.load_table(matrix, "ratings")
        return perspective_bands(
            triples["guideline_index"].to_numpy(),
            triples["rater_index"].to_numpy(),
            triples["value"].to_numpy(),
            factor_columns(self.raters()),
            self._store.load_table(matrix, "guidelines")["guideline_id"].tolist(),
        )


class ConstitutionReader:
    """Reads versions of the constitution; threads may share it.

    Args:
        store: The artifact store.
        cache: Keeps what was read, within its bounds of memory.
    """

    def __init__(self, store: ArtifactStore, cache: BoundedCache) -> None:
        self._store = store
        self._cache = cache

    def versions(self) -> list[ArtifactRef]:
        """Return the kept versions, newest first."""
        return self._store.versions(_ASSET)[::-1]

    def current_or_none(self) -> ConstitutionView | None:
        """Return the current constitution, or None before the first.

        Raises:
            ArtifactError: It cannot be read.
        """
        ref = self._store.current(_ASSET)
        return None if ref is None else self._view(ref)

    def at(self, version: str | None) -> ConstitutionView:
        """Return a version of the constitution, the current one for None.

        Raises:
            ProblemError: `no-constitution` or `not-found`.
            ArtifactError: It cannot be read.
        """
        if version is None:
            view = self.current_or_none()
            if view is None:
                raise ProblemError(
                    "no-constitution",
                    "No constitution has been computed yet; the operator runs: "
                    "labelaudit run constitution",
                )
            return view
        try:
            ref = ArtifactRef(_ASSET, None, version)
            self._store.manifest(ref)
        except (ArtifactNotFoundError, ArtifactKeyError):
            raise _no_version() from None
        return self._view(ref)

    def changes_of(self, ref: ArtifactRef) -> tuple[Any, dict[str, Any]] | None:
        """Return when a version was made and what it changed; None where it was pruned meanwhile.

        Raises:
            ArtifactError: It cannot be read.
        """
        try:
            changes = self._cache.get(
                (ref, "changes"),
                lambda: {**self._store.load_json(ref, "changes"), "new_version": ref.version},
                lambda _: self._bytes_of(ref),
            )
            return self._store.manifest(ref).created_at, changes
        except ArtifactNotFoundError:
            return None

    def _view(self, ref: ArtifactRef) -> ConstitutionView:
        # Uncertainty is computed after the constitution, and joined to it when it is there.
        late = [self._store.current(asset) for asset in ("uncertainty", "topics")]
        state = " ".join([ref.version, *("-" if late_ref is None else late_ref.version
                                         for late_ref in late)])  # fmt: skip
        return self._cache.get(
            ("constitution", state),
            lambda: self._read(ref, late[1], state),
            lambda _: self._bytes_of(ref),
        )

    def _read(self, ref: ArtifactRef, topics: ArtifactRef | None, state: str) -> ConstitutionView:
        found = read_constitution(self._store, ref)
        rows = found.document["guidelines"]
        uncertain = None
        if any(row["p_accepted"] is not None for row in rows):
            uncertain = find_uncertainty(self._store, ref, found.document["parameters"])
        options = {} if uncertain is None else self._store.load_json(uncertain, "options")
        titles: dict[str, str] = {}
        if topics is not None:
            frame = self._store.load_table(topics)
            titles = dict(zip(frame["topic_id"], frame["title"], strict=True))
        return ConstitutionView(
            ref=ref,
            document=found.document,
            changes=found.changes,
            by_id={row["guideline_id"]: row for row in rows},
            interval_level=options.get("interval_level"),
            uncertainty_ref=uncertain,
            topics=titles,
            state=state,
            _store=self._store,
            _cache=self._cache,
        )

    def _bytes_of(self, ref: ArtifactRef) -> int:
        files = self._store.manifest(ref).files.values()
        return _BYTES_IN_MEMORY * sum(file.size for file in files)


def _no_version() -> ProblemError:
    return ProblemError(
        "not-found", "There is no such version of the constitution; /v1/constitutions lists them."
    )


def _reader(services: Provided) -> ConstitutionReader:
    return ConstitutionReader(services.artifacts, services.audit.cache)


Reading = Annotated[ConstitutionReader, Depends(_reader)]
"""Parameter type of routes that read constitutions."""
