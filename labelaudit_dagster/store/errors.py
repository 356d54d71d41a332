"""What can go wrong with the application database, as one family of exceptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelaudit_dagster.failures import ExpectedFailure

if TYPE_CHECKING:
    from labelaudit_dagster.store.proposals import Proposal
    from labelaudit_dagster.store.reports import StoredReport


class StoreError(ExpectedFailure):
    """An expected failure of the application database; its message says what to do."""


class DatabaseMissingError(StoreError):
    """There is no database yet where a reading command looked for one."""


class DatabaseUnreachableError(StoreError):
    """The database server did not answer, refused us, or the file could not be opened."""


class DatabaseReadOnlyError(StoreError):
    """Something is to be written, but the file, its folder or the server is read-only."""


class DatabaseBusyError(StoreError):
    """Another process kept the database locked for longer than the busy timeout."""


class DatabaseFullError(StoreError):
    """The disk is full; the transaction was rolled back as a whole."""


class DatabaseDamagedError(StoreError):
    """The file is not a database, or its pages are damaged."""


class SchemaVersionError(StoreError):
    """The schema is newer than this program, or older and may not be upgraded here."""


class SecondSourceError(StoreError):
    """The home already holds another source, and neither replacing nor merging was chosen."""


class TakenIdError(StoreError):
    """Ids of an import are already used by another source of the same home."""


class InvalidTableError(StoreError):
    """A table handed in for storing is not in canonical form."""


class UnknownGuidelineError(StoreError):
    """A rating names a guideline that the home does not hold at present."""


class IdempotencyConflictError(StoreError):
    """One idempotency key came with two different contents."""


class PublicationStateError(StoreError):
    """A publication is not in the state that the step asked of it needs."""


class TokenError(StoreError):
    """A token is unknown, revoked or expired, or was asked for with an impossible setting."""


class InvalidNameError(StoreError):
    """A user's id, or a model's name or kind, cannot be kept as it is."""


class NoCorpusError(StoreError):
    """The home holds no comments yet, and something needs them."""


class InvalidLabelError(StoreError):
    """A label's rating is no value of the corpus' scale; nothing of the batch was stored."""


class ModelConflictError(StoreError):
    """A model's name is taken by a model of another kind, topic or group."""


class UnknownModelError(StoreError):
    """There is no such model, or nothing was ever labelled for it."""


class StaleReportError(StoreError):
    """A report was saved by somebody else since it was read.

    Attributes:
        current: The newer version (`labelaudit_dagster.store.StoredReport`).
    """

    def __init__(self, message: str, current: StoredReport) -> None:
        super().__init__(message)
        self.current = current


class UnknownReportError(StoreError):
    """There is no such report of this user, or it was deleted."""


class InvitationError(StoreError):
    """An invitation is unknown, used up, revoked or expired, or cannot be made like that."""


class InvalidTagError(StoreError):
    """A rating was given a tag that its list does not have."""


class InvalidProposalError(StoreError):
    """A proposed text is too short, too long, or holds what cannot be shown."""


class DuplicateProposalError(StoreError):
    """There is a guideline of this text, or somebody's proposal of it waits.

    Attributes:
        guideline_id: The guideline; None where it is a proposal.
    """

    def __init__(self, message: str, guideline_id: str | None) -> None:
        super().__init__(message)
        self.guideline_id = guideline_id


class ProposalLimitError(StoreError):
    """A person proposed as much as they may within a day.

    Attributes:
        seconds: How long they have to wait.
    """

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class UnknownProposalError(StoreError):
    """There is no such proposal."""


class ProposalDecidedError(StoreError):
    """A proposal was decided otherwise meanwhile.

    Attributes:
        current: The proposal as it is (`labelaudit_dagster.store.Proposal`).
    """

    def __init__(self, message: str, current: Proposal) -> None:
        super().__init__(message)
        self.current = current
