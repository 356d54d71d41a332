"""Pictures of an audit, as Vega-Lite specifications built with Altair.

Every function is pure and returns a plain dictionary, fit for JSON: named data sets at the top,
a named one in the first layer. Ratings are in the units of the scale that is handed in, directly
or with a view. This subpackage alone loads Altair.
"""

from labelaudit_dagster.auditing.charts.against_system import against_system_chart
from labelaudit_dagster.auditing.charts.group_comparison import group_comparison_chart
from labelaudit_dagster.auditing.charts.labels import labels_chart
from labelaudit_dagster.auditing.charts.messages import message_chart
from labelaudit_dagster.auditing.charts.performance import performance_chart
from labelaudit_dagster.auditing.charts.rendering import to_png
from labelaudit_dagster.auditing.charts.specification import Spec
from labelaudit_dagster.auditing.charts.squares import topic_overview_chart, topic_results_chart
from labelaudit_dagster.auditing.charts.topic_faults import topic_disagreement_chart

__all__ = [
    "Spec",
    "against_system_chart",
    "group_comparison_chart",
    "labels_chart",
    "message_chart",
    "performance_chart",
    "to_png",
    "topic_disagreement_chart",
    "topic_overview_chart",
    "topic_results_chart",
]
