"""What a home holds, what waits, what failed, and what of it needs somebody's attention."""

from labelaudit_dagster.home_status.attention import attention
from labelaudit_dagster.home_status.document import home_status
from labelaudit_dagster.home_status.sizes import free_space, home_sizes

__all__ = ["attention", "free_space", "home_sizes", "home_status"]
