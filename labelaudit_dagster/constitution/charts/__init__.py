"""Pictures of a constitution (Altair), for people who have not read its mathematics.

Every function is pure and returns a chart whose data are embedded as plain JSON records, few
enough for a browser. This subpackage alone loads Altair.
"""

from labelaudit_dagster.constitution.charts.guidelines import (
    accepted_chart,
    intercept_factor_chart,
    passing_chart,
    threshold_chart,
)
from labelaudit_dagster.constitution.charts.history import (
    guideline_history_chart,
    versions_chart,
)
from labelaudit_dagster.constitution.charts.perspectives import perspective_chart
from labelaudit_dagster.constitution.charts.rendering import to_png
from labelaudit_dagster.constitution.charts.solution import (
    candidates_chart,
    convergence_chart,
    rater_factor_histogram,
)
from labelaudit_dagster.constitution.charts.style import Chart
from labelaudit_dagster.constitution.charts.uncertainty import acceptance_probability_histogram
from labelaudit_dagster.constitution.charts.who_took_part import who_took_part_chart

__all__ = [
    "Chart",
    "acceptance_probability_histogram",
    "accepted_chart",
    "candidates_chart",
    "convergence_chart",
    "guideline_history_chart",
    "intercept_factor_chart",
    "passing_chart",
    "perspective_chart",
    "rater_factor_histogram",
    "threshold_chart",
    "to_png",
    "versions_chart",
    "who_took_part_chart",
]
