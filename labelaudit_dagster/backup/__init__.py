"""A consistent copy of a home in one file, made while everything runs, and back again.

Three parts are copied in this order, so that the copy never refers to what it does not hold:

1. Dagster's storage. Its sensors remember how far they have looked; a memory that is older than
   the database looks twice at something, a newer one would overlook it.
2. The database, as it was at one moment.
3. The artifacts that were complete at that moment. What the database refers to (published
   constitutions) was written before and is pinned; what was made later, from labels that the copy
   does not hold, is left out.
"""

from labelaudit_dagster.backup.archive import BackupError
from labelaudit_dagster.backup.making import BackupReport, make_backup
from labelaudit_dagster.backup.restoring import RestoreReport, restore_backup

__all__ = ["BackupError", "BackupReport", "RestoreReport", "make_backup", "restore_backup"]
