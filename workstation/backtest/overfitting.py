"""How much of a Sharpe ratio is left once the number of trials that it was chosen from is held against it.

After a search over parameters, for its table. Formulas: Bailey and López de Prado, "The Deflated Sharpe Ratio", Journal
of Portfolio Management 40 (5), 2014. Arithmetic only; ratios are per observation, never annualized.
"""

from math import e, sqrt
from statistics import NormalDist

from workstation.domain.errors import ValidationError

EULER_MASCHERONI = 0.5772156649015329

_NORMAL = NormalDist()


def expected_sharpe_max(trials: int, variance: float) -> float:
    """Return the best Sharpe ratio to be expected of `trials` independent trials without any skill.

    variance: of the trials' Sharpe ratios. One trial was not chosen, so nothing is expected of it.

    Raises:
        ValidationError: no trial, or a variance that is none.
    """
    if trials < 1 or not variance >= 0:
        raise ValidationError("trials", f"{trials} with variance {variance} are none", allowed="1 or more, 0 or more")
    if trials == 1:
        return 0.0
    best = _NORMAL.inv_cdf(1 - 1 / trials)
    beyond = _NORMAL.inv_cdf(1 - 1 / (trials * e))
    return sqrt(variance) * ((1 - EULER_MASCHERONI) * best + EULER_MASCHERONI * beyond)


def deflated_sharpe(
    sharpe: float, *, observations: int, skewness: float, kurtosis: float, trials: int, variance: float
) -> float:
    """Return the probability, 0 to 1, that the true Sharpe ratio is above what chance gives the best of the trials.

    kurtosis: 3 for a normal distribution. observations: number of returns, 2 or more. variance: of the trials' ratios.

    Raises:
        ValidationError: too few observations, or moments that no returns have.
    """
    spread = 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2
    if observations < 2 or not spread > 0:
        raise ValidationError("sharpe", "the returns are too few or their moments cannot be", allowed="2 or more")
    beyond = sharpe - expected_sharpe_max(trials, variance)
    return _NORMAL.cdf(beyond * sqrt(observations - 1) / sqrt(spread))
