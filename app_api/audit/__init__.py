"""Reading the audit half from materialised artifacts: one generation at a time, from memory.

`AuditReader` is what routes ask; importing this package is cheap, pandas loads with the first use.
"""

from __future__ import annotations

from app_api.audit.bounded_cache import BoundedCache
from app_api.audit.corpus_view import CorpusView
from app_api.audit.reader import AuditReader
from app_api.audit.user_view import ModelView, UserView

__all__ = ["AuditReader", "BoundedCache", "CorpusView", "ModelView", "UserView"]
