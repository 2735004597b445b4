"""L2P, L2Q and NPSS as the LAFAN1 benchmark defines them (Harvey et al. 2020, Robust Motion In-betweening), over
windows as `dataset.windows` places them."""

import numpy as np

from ....retarget.typing import Floats


def l2p(made: Floats, true: Floats, std: Floats) -> float:
    """Mean over (N, T) of the distance between joints (N, T, 22, 3), coordinates divided by deviations `std` (66,)."""
    apart = (made - true).reshape(*made.shape[:-2], -1) / std
    return float(np.linalg.norm(apart, axis=-1).mean())


def l2q(made: Floats, true: Floats) -> float:
    """Mean over (N, T) of the distance between global rotations (N, T, 22, 4), signs aligned in each pair."""
    sign = np.where(np.sum(made * true, axis=-1, keepdims=True) < 0.0, -1.0, 1.0)
    return float(np.sqrt(np.sum((made * sign - true) ** 2, axis=(-2, -1))).mean())


def npss(made: Floats, true: Floats) -> float:
    """Normalised power spectrum similarity (Gopalakrishnan et al. 2019) of signals (N, T, D): the earth mover's
    distance between the spectra, weighted by the true signals' power."""
    power_true, power_made = (np.square(np.real(np.fft.fft(x, axis=1))) for x in (true, made))
    total_true, total_made = (np.maximum(p.sum(axis=1, keepdims=True), 1e-12) for p in (power_true, power_made))
    apart = np.cumsum(power_made / total_made, axis=1) - np.cumsum(power_true / total_true, axis=1)
    return float(np.average(np.abs(apart).sum(axis=1), weights=total_true[:, 0]))
