"""The constitution: what is accepted and why, what is nearly so, its map and its history."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app_api.constitutions import ConstitutionReader, ConstitutionView, Reading, published_versions
from app_api.constitutions.status_log import bring_up_to_date
from app_api.encoded_segments import EncodedSegmentRoute
from app_api.problems import ProblemError
from app_api.routers.constitutions.explanations import explain
from app_api.routers.constitutions.parameters import GuidelineInPath, OfVersion
from app_api.services import Provided, Services
from app_api.web.guideline_cards import STATUS_WORDS, Card, Scale, guideline_card, guideline_cards
from app_api.web.rendering import render_page
from labelaudit_dagster.store import list_changes_of_status, list_guidelines, list_ratings

router = APIRouter(prefix="/app", include_in_schema=False, route_class=EncodedSegmentRoute)

Shown = Literal["accepted", "nearly", "not_accepted", "all"]

LONGEST_SEARCH: Final = 200
MOST_VERSIONS: Final = 30
MOST_GROUPS: Final = 30
MOST_CHANGES: Final = 10


@router.get("/constitution")
def constitution(
    request: Request,
    services: Provided,
    reader: Reading,
    show: Annotated[Shown, Query()] = "accepted",
    topic: Annotated[str, Query(max_length=2_000)] = "",
    q: Annotated[str, Query(max_length=LONGEST_SEARCH)] = "",
    version: OfVersion = None,
) -> Response:
    """List guidelines with their decisions, by topic."""
    view = _view(reader, version)
    if view is None:
        return _nothing_yet(request, services)
    cards = _cards(view)
    found = [card for card in cards if _fits(card, topic, q)]
    chosen = [card for card in found if _is_shown(card, show)]
    if show == "nearly":
        chosen.sort(key=lambda card: (card.needed is None, card.needed or 0))
    tabs = {
        name: sum(_is_shown(card, name) for card in found)
        for name in ("accepted", "nearly", "not_accepted", "all")
    }
    return render_page(
        request,
        "constitution.html.jinja",
        title="The constitution",
        view=view,
        current=version is None,
        version_query="" if version is None else f"&version={quote(version)}",
        document=view.document,
        created_at=services.artifacts.manifest(view.ref).created_at,
        groups=[("", chosen)] if show == "nearly" else _by_topic(chosen),
        n_shown=len(chosen),
        show=show,
        tabs=tabs,
        topic=topic,
        q=q,
        topics=sorted({card.topic for card in cards if card.topic}),
        limits=_limits(view),
        level=view.interval_level,
        changed=_change_sentences(view),
        previous=view.changes["previous_version"],
    )


@router.get("/constitution/guidelines/{guideline}")
def one(
    request: Request,
    services: Provided,
    reader: Reading,
    guideline: GuidelineInPath,
    version: OfVersion = None,
) -> Response:
    """Explain the decision on one guideline."""
    view = _view(reader, version)
    record = None if view is None else view.by_id.get(guideline)
    if view is None or record is None:
        return _not_decided_yet(request, services, guideline)
    return render_page(
        request,
        "guideline.html.jinja",
        title=_shortened(record["text"]),
        card=guideline_card(view, record),
        found=explain(view, guideline),
        limits=_limits(view),
        raters=view.document["n_raters"],
        current=version is None,
        version=view.version,
        fared=_fared(services, guideline),
        created_at=services.artifacts.manifest(view.ref).created_at,
    )


@router.get("/constitution/map")
def drawn(request: Request, services: Provided, reader: Reading) -> Response:
    """Show raters and guidelines along the range of perspectives, and who took part."""
    view = _view(reader, None)
    if view is None:
        return _nothing_yet(request, services)
    return render_page(
        request,
        "constitution_map.html.jinja",
        title="The map of perspectives",
        view=view,
        document=view.document,
        attributes=_who(view),
        has_uncertainty=bool(view.p_accepted()),
    )


@router.get("/constitution/history")
def history(request: Request, services: Provided, reader: Reading) -> Response:
    """Show the kept versions and what each of them changed."""
    view = _view(reader, None)
    if view is None:
        return _nothing_yet(request, services)
    published = published_versions(services.database)
    rows = []
    for ref in reader.versions()[:MOST_VERSIONS]:
        found = reader.changes_of(ref)
        if found is not None:
            created_at, changes = found
            rows.append(
                {
                    "version": ref.version,
                    "created_at": created_at,
                    "current": ref == view.ref,
                    "published": published.get(ref.version),
                    "changes": changes,
                    "sentences": _sentences(changes),
                }
            )
    return render_page(
        request, "constitution_history.html.jinja", title="History of the constitution", rows=rows
    )


def _view(reader: ConstitutionReader, version: str | None) -> ConstitutionView | None:
    return reader.current_or_none() if version is None else reader.at(version)


def _fared(services: Services, guideline: str) -> list[dict[str, Any]]:
    """Return the newest changes of a guideline's status, in words."""
    bring_up_to_date(services)
    found = list_changes_of_status(services.database, guideline_id=guideline, limit=MOST_CHANGES)
    return [
        {
            "created_at": change.created_at,
            "look": STATUS_WORDS.get(change.status, ("badge", "Removed"))[0],
            "status": STATUS_WORDS.get(change.status, ("badge", "Removed"))[1],
            "first": change.status_before is None,
            "sentence": change.sentence,
        }
        for change in found
    ]


def _limits(view: ConstitutionView) -> dict[str, float]:
    """Return where the marks of the bars stand."""
    scale = Scale.of(view)
    return {
        "threshold": scale.place(scale.threshold),
        "min_percent": 100 * float(view.document["parameters"]["min_support"]),
    }


def _cards(view: ConstitutionView) -> list[Card]:
    return view.derived("guideline cards", lambda: guideline_cards(view))


def _fits(card: Card, topic: str, q: str) -> bool:
    words = q.casefold().split()
    text = f"{card.text} {card.guideline_id}".casefold()
    return (not topic or card.topic == topic) and all(word in text for word in words)


def _is_shown(card: Card, show: str) -> bool:
    return (
        show == "all"
        or (show == "nearly" and card.nearly)
        or (show == "accepted" and card.status == "accepted")
        or (show == "not_accepted" and card.status != "accepted")
    )


def _by_topic(cards: list[Card]) -> list[tuple[str, list[Card]]]:
    """Return the cards of each topic; those without one last, under no title."""
    groups: dict[str, list[Card]] = {}
    for card in cards:
        groups.setdefault(card.topic or "", []).append(card)
    return sorted(groups.items(), key=lambda group: (not group[0], group[0].casefold()))


def _change_sentences(view: ConstitutionView) -> list[str]:
    return [] if view.changes["previous_version"] is None else _sentences(view.changes)


def _sentences(changes: dict[str, Any]) -> list[str]:
    from labelaudit_dagster.constitution import difference_sentences

    return difference_sentences(changes)


def _who(view: ConstitutionView) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return groups of raters by attribute, where one can be shown; those that are no groups not.

    An attribute with dozens of values says who people are, not to which group they belong.
    """
    try:
        rows = view.who_took_part().to_dict("records")
    except ProblemError:
        return []
    columns: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        columns.setdefault(row["column"], []).append({str(key): row[key] for key in row})
    return [
        (name, groups)
        for name, groups in columns.items()
        if len(groups) <= MOST_GROUPS and any(row["kind"] == "value" for row in groups)
    ]


def _shortened(text: str) -> str:
    return text if len(text) <= 90 else f"{text[:89].rstrip()}…"


def _nothing_yet(request: Request, services: Services) -> Response:
    return render_page(
        request,
        "constitution_empty.html.jinja",
        title="The constitution",
        n_guidelines=len(list_guidelines(services.database)),
    )


def _not_decided_yet(request: Request, services: Services, guideline: str) -> Response:
    row = next(
        (row for row in list_guidelines(services.database) if row.guideline_id == guideline), None
    )
    if row is None:
        raise ProblemError("not-found", "There is no guideline of this id here.")
    return render_page(
        request,
        "guideline_new.html.jinja",
        title=_shortened(row.text),
        row=row,
        said=_said(request, services, guideline),
    )


def _said(request: Request, services: Services, guideline: str) -> bool | None:
    from app_api.web.viewer import viewer_of

    name = viewer_of(request).name
    if name is None:
        return None
    ratings = list_ratings(services.database, name)
    return next((one.helpful for one in ratings if one.guideline_id == guideline), None)
