"""Precision and recall from a stratified sample, with intervals that hold when few labels are wrong, or none.

Estimates weigh each stratum by its pairs (Horvitz and Thompson 1952; Cochran 1977, Sampling Techniques, chapter 5).
Intervals are those of the likelihood ratio: a value of precision or recall is in the interval unless the best that
the strata's shares can do under it is much less likely than the best they can do at all. So an interval stays inside
[0, 1], is lopsided where it must be, and a stratum without a single match widens it by what it may still hide, once
and not once per stratum: Wald intervals have no width there, and adding up exact intervals by stratum has far too
much. Method: profile likelihood for stratified samples, as in Wu and Rao 2006, Pseudo-empirical likelihood ratio
confidence intervals for complex surveys, Canadian Journal of Statistics 34; the deviance is held against the squared
t quantile of the labels' degrees of freedom, as Owen 2001 advises for small samples. Drawing without replacement
counts as more labels (finite population correction).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_FAR = 1e6
"""A deviance that stands for impossible."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Pairs alike in what the hub says of them. `pairs` of them, `labelled` of which `matches` are one party."""

    inside: bool  # in one party; else apart
    pairs: float
    labelled: int
    matches: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share, and where it lies with the given confidence; None where nothing is known."""

    value: float | None
    low: float
    high: float


def estimate_precision(strata: Sequence[Stratum], confidence: float = 0.95) -> Estimate:
    """Estimate which share of the pairs in one party is truly one party."""
    inside = [stratum for stratum in strata if stratum.inside and stratum.pairs > 0]
    if not inside:
        return Estimate(None, 0.0, 1.0)
    weights = np.array([stratum.pairs for stratum in inside], dtype=np.float64)
    return _interval(inside, lambda share: (weights, share * float(weights.sum())), confidence)


def estimate_recall(strata: Sequence[Stratum], confidence: float = 0.95) -> Estimate:
    """Estimate which share of the pairs that are truly one party is in one party."""
    held = [stratum for stratum in strata if stratum.pairs > 0]
    if not any(stratum.inside for stratum in held):
        return Estimate(None, 0.0, 1.0)
    pairs = np.array([stratum.pairs for stratum in held], dtype=np.float64)
    inside = np.array([stratum.inside for stratum in held], dtype=np.bool_)
    return _interval(
        held, lambda share: (np.where(inside, pairs * (1 - share), -pairs * share), 0.0), confidence
    )


Constraint = Callable[[float], tuple[Floats, float]]
"""Given the share in question: weights of the strata's shares, and what their sum must be."""


def _interval(strata: Sequence[Stratum], constraint: Constraint, confidence: float) -> Estimate:
    """Find where the deviance of the share exceeds what chance allows, on either side of the best value."""
    from scipy.stats import t

    whole = np.array([s.labelled >= s.pairs for s in strata])
    more = np.array(
        [1.0 if w else 1 / (1 - s.labelled / s.pairs) for s, w in zip(strata, whole, strict=True)]
    )
    labelled = np.array([s.labelled for s in strata], dtype=np.float64) * more
    matches = np.array([s.matches for s in strata], dtype=np.float64) * more
    rate = np.divide(matches, labelled, out=np.full(len(strata), 0.5), where=labelled > 0)
    best = _share_at(constraint, rate)
    if best is not None and whole.all():
        return Estimate(best, best, best)
    freedom = sum(s.labelled for s in strata) - sum(s.labelled > 0 for s in strata)
    if best is None or freedom < 1:
        return Estimate(None, 0.0, 1.0)
    bound = float(t.ppf((1 + confidence) / 2, freedom)) ** 2

    def open_strata(share: float) -> tuple[Floats, float]:
        weights, total = constraint(share)
        return weights[~whole], total - float(weights[whole] @ rate[whole])

    def beyond(share: float) -> float:
        return _deviance(share, open_strata, labelled[~whole], matches[~whole]) - bound

    return Estimate(best, _edge(beyond, 0.0, best), _edge(beyond, 1.0, best))


def _share_at(constraint: Constraint, rate: Floats) -> float | None:
    """Return the share that given rates amount to: the constraint is linear in it, and falls as it grows."""

    def excess(share: float) -> float:
        weights, total = constraint(share)
        return float(weights @ rate) - total

    low, high = excess(0.0), excess(1.0)
    return None if low == high else min(1.0, max(0.0, low / (low - high)))


def _edge(beyond: Callable[[float], float], far: float, near: float) -> float:
    """Find where the deviance passes its bound between the best share and an end of the scale."""
    from scipy.optimize import brentq

    if near == far or beyond(far) <= 0:
        return far
    if beyond(near) > 0:  # rounding alone: the best share has no deviance
        return near
    return float(brentq(lambda share: min(beyond(share), _FAR), near, far, xtol=1e-6, rtol=1e-6))


def _deviance(share: float, constraint: Constraint, labelled: Floats, matches: Floats) -> float:
    """Return twice the log likelihood that is lost when the strata's shares must amount to this one."""
    weights, total = constraint(share)
    shares = _best_shares(weights, total, labelled, matches)
    if shares is None:
        return math.inf
    free = np.divide(matches, labelled, out=np.full(len(labelled), 0.5), where=labelled > 0)
    return 2 * float(_log_likelihood(free, labelled, matches) - _log_likelihood(shares, labelled, matches))


def _best_shares(weights: Floats, total: float, labelled: Floats, matches: Floats) -> Floats | None:
    """Find the likeliest shares whose weighted sum is `total`, by one Lagrange multiplier; None if none have it."""
    from scipy.optimize import brentq

    def excess(place: float) -> float:
        return float(weights @ _share_under(math.sinh(place) / scale * weights, labelled, matches)) - total

    scale = float(np.max(np.abs(weights), initial=0.0))
    if scale == 0:
        return None
    most = math.asinh(1e12)
    low, high = excess(-most), excess(most)
    slack = 1e-6 * scale
    if low * high > 0 and min(abs(low), abs(high)) > slack:
        return None
    if low * high > 0:
        place = most if abs(high) < abs(low) else -most
    else:
        place = float(brentq(excess, -most, most, xtol=1e-10))
    return _share_under(math.sinh(place) / scale * weights, labelled, matches)


def _share_under(pull: Floats, labelled: Floats, matches: Floats) -> Floats:
    """Solve matches/p - (labelled - matches)/(1 - p) = pull for each stratum; p is matches/labelled without a pull."""
    reach = pull + labelled
    root = np.sqrt(np.maximum(reach**2 - 4 * pull * matches, 0))
    # the smaller root, written so that nothing cancels
    stable = np.where(reach > 0, 2 * matches, reach - root)
    below = np.where(reach > 0, reach + root, 2 * pull)
    found = np.divide(stable, below, out=np.full(len(pull), 0.5), where=below != 0)
    return np.asarray(np.clip(found, 0.0, 1.0), dtype=np.float64)


def _log_likelihood(shares: Floats, labelled: Floats, matches: Floats) -> float:
    from scipy.special import xlog1py, xlogy

    return float(np.sum(xlogy(matches, shares) + xlog1py(labelled - matches, -shares)))
