"""The base of everything that can go wrong in ordinary use."""

from __future__ import annotations


class ExpectedFailure(Exception):  # noqa: N818 - the subclasses say Error where one is meant
    """A failure that its message explains: the cause by name, and what to do.

    The command line prints the message alone and ends with a code that is not 0. Anything else
    that is raised is a defect of ours and keeps its traceback.
    """
