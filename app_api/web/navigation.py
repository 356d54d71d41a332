"""What leads from every page to the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app_api.web.viewer import Viewer


@dataclass(frozen=True)
class Link:
    """A way to a page.

    Attributes:
        href: Where it leads.
        label: What it is called.
        current: Whether the viewer is there, or on a page below it.
    """

    href: str
    label: str
    current: bool


@dataclass(frozen=True)
class Section:
    """Pages that belong together.

    Attributes:
        label: What they are about.
        links: The pages that the viewer may see.
    """

    label: str
    links: tuple[Link, ...]


_SECTIONS: Final = (
    (
        "Constitution",
        (
            ("/app/rate", "Rate guidelines"),
            ("/app/constitution", "The constitution"),
            ("/app/represent", "Does it represent me?"),
        ),
    ),
    (
        "Audit",
        (
            ("/app/label", "Label comments"),
            ("/app/audit", "Audit"),
            ("/app/reports", "Reports"),
            ("/app/explore", "Explore"),
        ),
    ),
    ("You", (("/app/me", "My data"), ("/app/admin", "Admin"))),
)


def navigation(viewer: Viewer, path: str) -> tuple[Section, ...]:
    """Return the sections with the pages that there are and that a viewer may see.

    Args:
        viewer: Who looks.
        path: Of the page that they look at.
    """
    sections = (
        Section(
            label,
            tuple(
                Link(href, text, path == href or path.startswith(f"{href}/"))
                for href, text in links
                if viewer.may_see(href)
            ),
        )
        for label, links in _SECTIONS
    )
    return tuple(section for section in sections if section.links)
