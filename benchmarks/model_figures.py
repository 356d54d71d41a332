"""Pictures and numbers of docs/model.md, all from the built-in sample.

`python -m benchmarks.model_figures` writes docs/figures/*.png and prints every number that the
page quotes about the sample; a test compares the two. What the page says about the Collective
Constitutional AI data comes from the commands that it names.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.constitution import AcceptanceRule, accepted_mask
from labelaudit_dagster.constitution.response_matrix import ResponseMatrix
from labelaudit_dagster.factorization import (
    BootstrapReplicates,
    Factorization,
    FactorizationParameters,
    Instability,
    RatingTriples,
    bootstrap,
    factorize,
    instability,
    leave_one_out,
)
from labelaudit_dagster.factorization.parameters import Method
from labelaudit_dagster.sample import community, planted

FIGURES = Path(__file__).resolve().parents[1] / "docs" / "figures"
RULE = AcceptanceRule()
METHODS: tuple[Method, ...] = ("gradient_descent", "exact")
SEEDS = range(10)
FRESH_COMMUNITIES = 100
THINNED_TO, THINNINGS = 10, 50
SMALLER_SIDE = (121, 105, 90, 80, 70, 60, 50, 40, 30, 20, 10)
DRAWS = 10

Numbers = dict[str, str]
Floats = NDArray[np.float64]
decide = partial(accepted_mask, rule=RULE)


def matrix_of(seed: int = 0) -> tuple[ResponseMatrix, RatingTriples]:
    """Return the sample's ratings as they enter the factorization."""
    matrix = ResponseMatrix.from_ratings(community(seed).guideline_ratings)
    return matrix, matrix.rating_triples()


def support_of(ratings: RatingTriples) -> Floats:
    """Return each guideline's helpful share, shape (n_cols,)."""
    helpful = ratings.weights() * ratings.value
    return np.bincount(ratings.col, helpful, ratings.n_cols) / ratings.col_weights()


@dataclass
class Sample:
    """The sample, solved once; costly results are made when they are first asked for."""

    matrix: ResponseMatrix
    ratings: RatingTriples
    solution: Factorization
    parameters: FactorizationParameters

    @classmethod
    def solved(cls) -> Sample:
        """Simulate and solve."""
        matrix, ratings = matrix_of()
        parameters = FactorizationParameters()
        return cls(matrix, ratings, factorize(ratings, parameters), parameters)

    @cached_property
    def ids(self) -> list[str]:
        """Guideline ids by column."""
        return [str(name) for name in self.matrix.guideline_ids]

    @cached_property
    def texts(self) -> dict[str, str]:
        """Texts by guideline id."""
        frame = community().guidelines
        return dict(zip(frame["guideline_id"], frame["text"], strict=True))

    @cached_property
    def kind(self) -> NDArray[np.object_]:
        """What was planted, by column."""
        kinds = planted().set_index("guideline_id")["kind"]
        return np.array([kinds[name] for name in self.ids], dtype=object)

    @cached_property
    def support(self) -> Floats:
        """Raw support by column."""
        return support_of(self.ratings)

    @property
    def intercept(self) -> Floats:
        """Intercepts by column."""
        return self.solution.parameters.item_intercept

    @property
    def factor(self) -> Floats:
        """Factors by column."""
        return self.solution.parameters.item_factor[:, 0]

    @property
    def rater_factor(self) -> Floats:
        """Factors by row."""
        return self.solution.parameters.rater_factor[:, 0]

    @cached_property
    def accepted(self) -> NDArray[np.bool_]:
        """Acceptance by column."""
        accepted: NDArray[np.bool_] = decide(
            self.intercept, self.ratings.col_weights(), self.support
        )
        return accepted

    @cached_property
    def majority_only(self) -> NDArray[np.bool_]:
        """Columns planted as polarising that the larger side favours."""
        return np.asarray((self.kind == "polarising") & (self.factor > 0), dtype=bool)

    @cached_property
    def by_seed(self) -> dict[str, Instability]:
        """Both methods from ten seeds."""
        return {
            method: instability(self.ratings, self.with_method(method), decide, seeds=SEEDS)
            for method in METHODS
        }

    @cached_property
    def replicates(self) -> BootstrapReplicates:
        """200 bootstrap replicates, as the asset `uncertainty` makes them."""
        return bootstrap(self.ratings, self.solution.parameters, self.parameters)

    def with_method(self, method: Method) -> FactorizationParameters:
        """Return the parameters with another method."""
        return replace(self.parameters, method=method)

    def support_on(self, side: int) -> Floats:
        """Return the helpful share among raters whose factor has the sign `side`."""
        rated_by = np.sign(self.rater_factor)[self.ratings.row] == side
        col, value = self.ratings.col[rated_by], self.ratings.value[rated_by]
        return np.bincount(col, value, self.ratings.n_cols) / np.bincount(
            col, minlength=self.ratings.n_cols
        )

    def neutral_line(self) -> tuple[float, float]:
        """Return slope and level of intercept against support where the factor is 0."""
        neutral = self.factor == 0
        slope, level = np.polyfit(self.support[neutral], self.intercept[neutral], 1)
        return float(slope), float(level)

    def as_strict_vote(self) -> float:
        """Return the support that puts a guideline without a side at the threshold."""
        slope, level = self.neutral_line()
        return (RULE.intercept_threshold - level) / slope


# --- numbers --------------------------------------------------------------------------------------


def solution_numbers(sample: Sample) -> Numbers:
    """Return the numbers that need one solution."""
    s, x, polarising = sample, sample.rater_factor, sample.kind == "polarising"
    voted_in = s.support >= RULE.min_support
    divides = s.ids.index("truth-10")
    slope, level = s.neutral_line()
    above_line = s.intercept - (slope * s.support + level)
    numbers = {
        "ratings": f"{len(s.ratings):,} ratings",
        "guidelines with 80% of the votes": f"{voted_in.sum()} guidelines",
        "  of them planted polarising": f"{voted_in[polarising].sum()} of them",
        "accepted": f"{s.accepted.sum()} guidelines",
        "  of them planted to please everybody": (
            f"{(s.accepted & (s.kind == 'consensus')).sum()} guidelines"
        ),
        "support of truth-10": f"{s.support[divides]:.0%}",
        "  on the larger side": f"{s.support_on(1)[divides]:.0%} of the larger",
        "  on the smaller side": f"{s.support_on(-1)[divides]:.0%} of the smaller",
        "support at which a guideline without a side passes": f"{s.as_strict_vote():.1%}",
        "below the line, favoured by the larger side (mean)": (
            f"{-above_line[s.majority_only].mean():.3f}"
        ),
        "above the line, favoured by the smaller side (mean)": (
            f"{above_line[polarising & (s.factor < 0)].mean():.3f}"
        ),
        "factors that are 0": (
            f"{(s.factor == 0).sum()} of {len(s.ids)} guidelines and {(x == 0).sum()} raters"
        ),
        "mu": f"{s.solution.parameters.mu:.3f}",
        "mean rater intercept": f"{s.solution.parameters.rater_intercept.mean():.3f}",
        "loss": f"{s.solution.loss:.6f}",
        "numerical error": f"{s.solution.numerical_error.max():.6f}",
        "highest intercept": f"{s.intercept.max():.3f}",
    }
    for lambda_intercept in (0.05, 0.3):
        other = factorize(s.ratings, replace(s.parameters, lambda_intercept=lambda_intercept))
        numbers[f"highest intercept at lambda_intercept {lambda_intercept}"] = (
            f"{other.parameters.item_intercept.max():.3f}"
        )
    none = factorize(s.ratings, replace(s.parameters, lambda_factor=0.06)).parameters
    numbers["raters with a factor at lambda_factor 0.06"] = (
        f"{(none.rater_factor != 0).sum()} raters"
    )
    return numbers


def seed_numbers(sample: Sample) -> Numbers:
    """Return what ten seeds do to each method."""
    numbers: Numbers = {}
    p = sample.parameters
    way = 2 * p.learning_rate * (1 + p.lambda_intercept) / sample.ratings.n_rows
    numbers["a rater's intercept goes, per step, by a part of its way of"] = f"1/{1 / way:,.0f}"
    numbers["exact: accepted by every seed"] = f"{len(sample.by_seed['exact'].in_all)}"
    result = sample.by_seed["gradient_descent"]
    sizes = [len(one) for one in result.accepted]
    excess = result.losses / sample.solution.loss - 1
    return numbers | {
        "gradient_descent: loss": f"{result.losses.min():.6f} to {result.losses.max():.6f}",
        "gradient_descent: loss above the optimum": f"{excess.min():.1%} to {excess.max():.1%}",
        "gradient_descent: steps": f"{min(result.steps):,} to {max(result.steps):,}",
        "gradient_descent: accepted": f"{min(sizes)} to {max(sizes)}",
        "gradient_descent: accepted by every seed": f"{len(result.in_all)}",
        "gradient_descent: Jaccard overlap": f"{result.mean_jaccard:.3f}",
    }


def uncertainty_numbers(sample: Sample) -> Numbers:
    """Return bootstrap and leave-one-out, and what asking other people really does."""
    error, (low, high) = sample.replicates.standard_error(), sample.replicates.interval()
    probability = sample.replicates.probability(decide)
    flips = leave_one_out(sample.ratings, sample.solution.parameters, sample.parameters, decide)
    fresh = []
    for seed in range(1, FRESH_COMMUNITIES + 1):
        _, ratings = matrix_of(seed)
        model = factorize(ratings, sample.parameters).parameters
        fresh.append(
            (
                model.item_intercept,
                decide(model.item_intercept, ratings.col_weights(), support_of(ratings)),
            )
        )
    intercepts = np.stack([one for one, _ in fresh])
    accepted = np.stack([one for _, one in fresh])
    target = intercepts.mean(axis=0)
    closest = int(np.argmax(np.where(sample.accepted, 0, probability)))
    return {
        "standard error, median": f"{np.median(error):.3f}",
        "standard error over fresh communities, median": (
            f"{np.median(intercepts.std(axis=0, ddof=1)):.3f}"
        ),
        "guidelines whose interval holds the mean of fresh communities": (
            f"{((low <= target) & (target <= high)).sum()} of {target.size}"
        ),
        "closest rejected guideline": sample.ids[closest],
        "  its P(accepted)": f"{probability[closest]:.2f}",
        "  fresh communities that accept it": f"{accepted[:, closest].sum()} of the {len(fresh)}",
        "flips of leave-one-out": f"{flips.item.size}",
    }


def thinning_numbers(sample: Sample) -> Numbers:
    """Return what becomes of the best guideline's intercept with ten of its ratings."""
    best = int(np.argmax(sample.intercept))
    own = np.flatnonzero(sample.ratings.col == best)
    generator = np.random.default_rng(0)
    found = []
    for _ in range(THINNINGS):
        weight = np.ones(len(sample.ratings))
        weight[own] = 0
        weight[generator.choice(own, THINNED_TO, replace=False)] = 1
        thinned = replace(sample.ratings, weight=weight)
        found.append(factorize(thinned, sample.parameters).parameters.item_intercept[best])
    return {
        "best guideline": sample.ids[best],
        "  its ratings": f"{own.size}",
        "  its intercept": f"{sample.intercept[best]:.3f}",
        "  its mean intercept with ten ratings": f"{np.mean(found):.3f}",
        "  standard deviation of these": f"{np.std(found, ddof=1):.3f}",
    }


def smaller_side_rows(sample: Sample) -> list[dict[str, Any]]:
    """Return how many majority-only guidelines pass while the smaller side shrinks.

    The larger side and the raters without a side all stay; of the smaller side a random part.
    """
    smaller = np.flatnonzero(sample.rater_factor < 0)
    larger = sample.rater_factor > 0
    strict = sample.as_strict_vote()
    generator = np.random.default_rng(0)
    rows = []
    for kept in SMALLER_SIDE:
        counts = []
        for _ in range(1 if kept == smaller.size else DRAWS):
            weight = np.ones(sample.ratings.n_rows)
            weight[generator.permutation(smaller)[kept:]] = 0
            ratings = sample.ratings.with_rater_weights(weight)
            model = factorize(ratings, sample.parameters).parameters
            support = support_of(ratings)[sample.majority_only]
            passing = decide(model.item_intercept, ratings.col_weights(), support_of(ratings))
            counts.append(
                (
                    (support >= RULE.min_support).sum(),
                    (support >= strict).sum(),
                    passing[sample.majority_only].sum(),
                    np.median(model.rater_factor[larger, 0]),
                )
            )
        vote, strict_vote, rule, centre = np.mean(counts, axis=0).tolist()
        share = kept / (sample.ratings.n_rows - smaller.size + kept)
        rows.append({"share": share, "vote": vote, "strict": strict_vote, "rule": rule})
        rows[-1]["centre"] = centre
    return rows


def smaller_side_numbers(rows: list[dict[str, Any]]) -> Numbers:
    """Return three points of the picture for each way to decide."""
    quoted = [row for row in rows if round(row["share"], 3) in (0.302, 0.201, 0.125)]

    def listed(field: str, pattern: str) -> str:
        first, second, third = (format(row[field], pattern) for row in quoted)
        return f"{first}, {second} and {third}"

    return {
        "share of the smaller side": listed("share", ".0%"),
        "  guidelines of the larger side that the rule accepts": listed("rule", ".1f"),
        "  that an equally strict vote accepts": listed("strict", ".1f"),
        "  that a vote of 80% accepts": listed("vote", ".1f"),
        "  median factor of the larger side": listed("centre", ".2f"),
    }


def main() -> None:
    """Draw all pictures and print all numbers."""
    from benchmarks import model_charts
    from benchmarks.compact_png import compact
    from labelaudit_dagster.constitution.charts import to_png

    sample = Sample.solved()
    rows = smaller_side_rows(sample)
    for numbers in (
        solution_numbers(sample),
        seed_numbers(sample),
        thinning_numbers(sample),
        uncertainty_numbers(sample),
        smaller_side_numbers(rows),
    ):
        for name, value in numbers.items():
            print(f"{name:70} {value}")
        print()
    FIGURES.mkdir(parents=True, exist_ok=True)
    for name, chart in model_charts.all_charts(sample, rows).items():
        picture = compact(to_png(chart))
        (FIGURES / f"{name}.png").write_bytes(picture)
        print(f"docs/figures/{name}.png: {len(picture) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
