"""A column's values as a policy lets them enter: masked, in bands, rounded."""

import numpy as np
import numpy.typing as npt

from creditzone.kernel.policy.constraints.columns import Band, Mask, Round, Transform

Values = npt.NDArray[np.float64]


def changed(values: Values, transform: Transform | None) -> Values:
    """The values (float64 [rows], NaN where missing) after the transform; the same ones without any."""
    match transform:
        case Mask():
            return np.full_like(values, np.nan)
        case Band(edges=edges):
            lows = np.array([np.nan, *map(float, edges)])
            banded: Values = lows[np.searchsorted(lows[1:], values, side="right")]
            return np.where(np.isnan(values), np.nan, banded)
        case Round(step=step):
            rounded: Values = np.round(values / float(step)) * float(step)
            return rounded
        case _:
            return values
