"""Audit views: what people see of a corpus, a system and a personal model.

`AuditTable` is made once for a version of the corpus' artifacts; every view is a function of it
and of one person's predictions, aligned to it. All ratings are in the units of the table's scale;
`AuditTable.in_contract_units` with `scale.to_contract(predictions)` gives the 0 to 4 of the
IndieLabel-compatible routes.
"""

from labelaudit_dagster.auditing.views.audit_table import (
    CATEGORY_COLUMNS,
    CATEGORY_SHARE,
    AuditTable,
)
from labelaudit_dagster.auditing.views.comment_results import (
    CommentResults,
    comment_records,
    comment_results,
    filter_rows,
    order_rows,
    select_rows,
)
from labelaudit_dagster.auditing.views.comment_sample import LARGEST_SAMPLE, sample_rows
from labelaudit_dagster.auditing.views.contract_units import contract_scale, contract_unit
from labelaudit_dagster.auditing.views.decisions import (
    DECISIONS,
    ERROR_TYPES,
    error_amounts,
    error_codes,
    error_colours,
    is_positive,
    key_colours,
    plot_keys,
)
from labelaudit_dagster.auditing.views.error_filter import (
    AGREEMENT,
    OVER_SENSITIVE,
    UNDER_SENSITIVE,
    ErrorFilter,
)
from labelaudit_dagster.auditing.views.errors import AuditViewError
from labelaudit_dagster.auditing.views.exploration import explorable_rows, exploration_sample
from labelaudit_dagster.auditing.views.histogram_bins import bin_midpoints
from labelaudit_dagster.auditing.views.quality_bands import (
    BandRange,
    QualityBand,
    band_ranges,
    quality_band,
)
from labelaudit_dagster.auditing.views.topic_comparison import SYSTEM, topic_comparison
from labelaudit_dagster.auditing.views.topic_index import TopicIndex, TopicMethod
from labelaudit_dagster.auditing.views.topic_lists import (
    TopicChoice,
    grouped_topics,
    is_group_model,
    largest_topics,
    topic_choices,
    topic_of_model,
    tuned_topics,
    tuning_choices,
)
from labelaudit_dagster.auditing.views.topic_overview import TopicOverview, topic_overview

__all__ = [
    "AGREEMENT",
    "CATEGORY_COLUMNS",
    "CATEGORY_SHARE",
    "DECISIONS",
    "ERROR_TYPES",
    "LARGEST_SAMPLE",
    "OVER_SENSITIVE",
    "SYSTEM",
    "UNDER_SENSITIVE",
    "AuditTable",
    "AuditViewError",
    "BandRange",
    "CommentResults",
    "ErrorFilter",
    "QualityBand",
    "TopicChoice",
    "TopicIndex",
    "TopicMethod",
    "TopicOverview",
    "band_ranges",
    "bin_midpoints",
    "comment_records",
    "comment_results",
    "contract_scale",
    "contract_unit",
    "error_amounts",
    "error_codes",
    "error_colours",
    "explorable_rows",
    "exploration_sample",
    "filter_rows",
    "grouped_topics",
    "is_group_model",
    "is_positive",
    "key_colours",
    "largest_topics",
    "order_rows",
    "plot_keys",
    "quality_band",
    "sample_rows",
    "select_rows",
    "topic_choices",
    "topic_comparison",
    "topic_of_model",
    "topic_overview",
    "tuned_topics",
    "tuning_choices",
]
