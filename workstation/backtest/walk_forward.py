"""Splits of a span of time: parameters are chosen in the first part of each fold and judged in the part after it.

Beneath a search over parameters, before any run. Arithmetic on times only; it runs nothing and reads no data.
"""

from itertools import pairwise

import msgspec

from workstation.domain.errors import ValidationError

FOLDS_MAX = 1_000


class Fold(msgspec.Struct, frozen=True, kw_only=True):
    """One fold, UTC ns, each part from its start up to but without its end.

    In-sample [`in_start`, `in_end`), out-of-sample [`out_start`, `out_end`); what lies between the two is left unused.
    """

    in_start: int
    in_end: int
    out_start: int
    out_end: int


def folds(start: int, end: int, *, count: int, in_share: float, gap: int = 0, anchored: bool = False) -> list[Fold]:
    """Return `count` folds of [`start`, `end`), UTC ns, in order; their out-of-sample parts never overlap.

    in_share: part of a fold that is in-sample, between 0 and 1. gap: ns left out between the parts, for what a position
    opened in-sample still carries. anchored: each in-sample part begins at `start` and grows; otherwise it rolls.

    Raises:
        ValidationError: no such count or share, or a fold without room for both parts.
    """
    if not 1 <= count <= FOLDS_MAX:
        raise ValidationError("folds", f"{count} is none", allowed=f"1 to {FOLDS_MAX}")
    if not 0 < in_share < 1:
        raise ValidationError("in_share", f"{in_share} is none", allowed="between 0 and 1")
    if gap < 0:
        raise ValidationError("gap", f"{gap} is below 0", allowed="0 or more ns")
    width = (end - start) / (in_share + count * (1 - in_share))
    first = start + int(width * in_share)
    edges = [first + (end - first) * step // count for step in range(count + 1)]
    found = [
        Fold(
            in_start=start if anchored else start + edge - first,
            in_end=edge - gap,
            out_start=edge,
            out_end=following,
        )
        for edge, following in pairwise(edges)
    ]
    if any(fold.in_start >= fold.in_end or fold.out_start >= fold.out_end for fold in found):
        raise ValidationError("folds", "a part is empty", allowed="a longer span, fewer folds or a smaller gap")
    return found
