"""Compile the kernels of the pricing solver."""

import numpy as np


def warm_up() -> None:
    """Play, update and price once on a small problem; compiled code then lies on disk."""
    from twin.solvers.pricing.fast import climb, make_arena
    from twin.solvers.pricing.pair import PairView, charge, leak, price_factor, update
    from twin.solvers.pricing.problem import InterferenceProblem
    from twin.solvers.pricing.starts import make_starts
    from twin.solvers.pricing.variants import Variant

    channels = np.arange(1, 17).reshape(2, 2, 2, 2) / 8.0 + 0.5j * np.eye(2)
    eve = channels[0] / 3.0
    problem = InterferenceProblem(channels, eve, np.ones(2), 1, 1, 0.0, 0.0, np.ones((2, 2)), np.ones(2))
    start = make_starts(problem, 1, 0)[0]
    climb(make_arena(problem, Variant.PLUG_IN, 1, 1, 0), start, rounds=1)
    view = PairView(channels[0, 0][None], leak(eve[0])[None], np.zeros((1, 2, 2), np.complex128), 1.0)
    update(view, charge(2, [price_factor(view, start[0][0], start[1][0])]), start[0][0], start[1][0])
