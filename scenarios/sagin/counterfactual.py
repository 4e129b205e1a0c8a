"""What the space-air-ground coordinator would have done, had it known histories that are moved in time."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from entities.world import World, WorldParams
from scenarios.record import Knowledge, Precoders, Vectors
from scenarios.sagin.configure import policy_config, world_params
from scenarios.sagin.retaken import Retaken
from scenarios.sagin.spec import SaginSpec
from twin.emulation.streams import Streams
from twin.errors import InstanceError, SolverError
from twin.nodes.predictor import Prediction, with_ball
from twin.nodes.sagin_policy import solve_for
from twin.signal.arrays import Instants, RealArray
from twin.signal.sagin import RECEIVERS, TRANSMITTERS
from twin.signal.secrecy import secrecy_rate
from twin.signal.sinr import eve_sinrs, user_sinrs
from twin.solvers.result import WarmStart


class SaginCounterfactual:
    """The coordinator's own policy: same predictor, same robustness, same solver, same draws of noise."""

    def __init__(self, spec: SaginSpec, seed: int, known: Sequence[Knowledge], on_air: Vectors) -> None:
        self._config = policy_config(spec)
        # The reference keeps its compiled problems between solves: they are for one thread at a time.
        self.parallel = self._config.solver != "reference"
        self._params, self._seed = _bare(world_params(spec)), seed
        self._world = World(self._params, Streams(seed))
        self._known, self._on_air = known, on_air
        self._retaken = Retaken(spec, Streams(seed), known)

    def answers(self, cases: Instants) -> list[Precoders | None]:
        """What the policy sends out in each case. A World has a memory that threads must not share."""
        world, links = World(self._params, Streams(self._seed)), len(TRANSMITTERS)
        found = [
            self._retaken.moments(world, link, cases[:, link], cases[:, links + link], cases[:, 2 * links + link])
            for link in range(links)
        ]
        answers = []
        for case, places in enumerate(cases[:, :links]):
            means = tuple(moments[0][case] for moments, _ in found)
            fading = np.array([moments[1][case] for moments, _ in found])
            relative = np.array([radius[case] for _, radius in found])
            versions = [self._known[place].version for place in places]
            start = tuple(self._on_air[pair] for pair in zip(TRANSMITTERS, versions, strict=True))
            answers.append(self._solved(with_ball(means, fading, relative), WarmStart(start)))
        return answers

    def rates(self, t_ns: int, answers: Sequence[Precoders | None]) -> RealArray:
        """The worst user's rate at t for each of some precoders."""
        solved = np.array([x is not None for x in answers])
        heard = []
        for link, name in enumerate(TRANSMITTERS):
            vectors = np.array([x[link] for x in answers if x is not None])
            heard.append(np.abs(vectors @ self._world.channels(name, t_ns).conj().T) ** 2)
        rates = np.full(len(answers), np.nan)
        if solved.any():
            powers = np.stack(heard, axis=1)
            rates[solved] = secrecy_rate(user_sinrs(powers), eve_sinrs(powers)).min(axis=-1)
        return rates

    def _solved(self, prediction: Prediction, start: WarmStart) -> Precoders | None:
        try:
            solution = solve_for(self._config, prediction, start)
        except (InstanceError, SolverError):
            return None
        return solution.precoders if solution.status == "solved" else None


def _bare(params: WorldParams) -> WorldParams:
    """The world without bystanders: they are nobody's loss."""
    return replace(params, receivers={name: params.receivers[name] for name in RECEIVERS})
