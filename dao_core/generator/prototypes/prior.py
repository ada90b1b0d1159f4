"""The prototypes that a composition is likely to take, from what the training set did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from pymatgen.core import Structure
from torch import Tensor

from dao_core.crystal.volume import rescaled
from dao_core.generator.prototypes.classes import assignments, classes_of, permuted
from dao_core.generator.prototypes.library import SAME, PrototypeGroup, PrototypeLibrary
from dao_core.generator.prototypes.metric import CompositionMetric, prototype_logits
from dao_core.generator.prototypes.release_one import is_of_release_one, library_of_release_one

CONSIDERED = 400
"""Likeliest pairs of crystal and assignment that are looked at for one composition."""
LEAST_PROBABILITY = 1e-3
"""Less likely prototypes are not proposed; noise does better."""
METRIC = "metric."


@dataclass(frozen=True)
class LikelyPrototype:
    """A prototype laid over a composition.

    Attributes:
        number: of the prototype in its library.
        elements: ``[k]`` atomic numbers on its classes.
        probability: that the composition takes it, given that it takes a known one.
    """

    number: int
    elements: NDArray[np.int64]
    probability: float


class PrototypePrior:
    """Prototypes by their probability for a composition.

    Attributes:
        library: what was seen.
        metric: how near compositions are.
    """

    def __init__(self, library: PrototypeLibrary, metric: CompositionMetric) -> None:
        self.library = library
        self.metric = metric.eval()
        self._seen: dict[tuple[int, ...], Tensor] = {}

    def likeliest(self, atomic_numbers: Sequence[int], n: int) -> list[LikelyPrototype]:
        """At most ``n`` different crystals of a cell's composition, the likeliest first."""
        elements, counts, _ = classes_of(np.asarray(atomic_numbers))
        group = self.library.groups.get(counts)
        if group is None:
            return []
        pairs = self._pairs(elements, counts, group)
        first = self.library.first[counts]
        merged = _merged(pairs, group, assignments(counts))[:n]
        return [
            LikelyPrototype(first + place, elements[list(assignment)], probability)
            for probability, place, assignment in merged
            if probability >= LEAST_PROBABILITY
        ]

    def structure(self, likely: LikelyPrototype) -> Structure:
        """The crystal, at the volume that bond lengths of its elements suggest."""
        return rescaled(self.library.structure(likely.number, likely.elements))

    def _pairs(
        self, elements: NDArray[np.int64], counts: tuple[int, ...], group: PrototypeGroup
    ) -> list[tuple[float, int, int]]:
        """Probability, assignment and member of the likeliest pairs."""
        if counts not in self._seen:
            with torch.no_grad():
                self._seen[counts] = self.metric(torch.from_numpy(group.elements), counts)
        seen = self._seen[counts]
        with torch.no_grad():
            asked = self.metric(torch.from_numpy(elements)[None], counts)
            logits = prototype_logits(asked, seen, assignments(counts))[0]
        weights = logits.flatten().softmax(dim=0)
        best = weights.topk(min(CONSIDERED, len(weights)))
        return [
            (weight, *divmod(place, len(seen)))
            for weight, place in zip(best.values.tolist(), best.indices.tolist(), strict=True)
        ]

    def tensors(self) -> dict[str, Tensor]:
        """Library and metric as tensors for a model file."""
        metric = {METRIC + name: tensor for name, tensor in self.metric.state_dict().items()}
        return {**self.library.tensors(), **metric}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> PrototypePrior:
        """The prior that :meth:`tensors` wrote.

        Raises:
            KeyError, RuntimeError, ValueError: tensors are missing or do not belong together.
        """
        metric = CompositionMetric()
        own = {k: v for k, v in tensors.items() if k.startswith(METRIC)}
        metric.load_state_dict({k.removeprefix(METRIC): v for k, v in own.items()})
        rest = {k: v for k, v in tensors.items() if k not in own}
        if is_of_release_one(rest):
            return cls(library_of_release_one(rest), metric)
        return cls(PrototypeLibrary.from_tensors(rest), metric)


def _merged(
    pairs: list[tuple[float, int, int]],
    group: PrototypeGroup,
    ways: tuple[tuple[int, ...], ...],
) -> list[tuple[float, int, tuple[int, ...]]]:
    """Probability, prototype of the group and assignment of crystals, the likeliest first.

    Pairs that give the same crystal (two classes of a prototype may be alike, two prototypes may
    differ by less than :data:`SAME`) add up under the likeliest of them.
    """
    prints = np.empty((len(pairs), *group.fingerprints.shape[1:]), dtype=np.float32)
    found: list[tuple[float, int, tuple[int, ...]]] = []
    for weight, way, member in pairs:
        prototype = int(group.members[member])
        # in the order of the composition's classes, so that assignments can be compared
        own = permuted(group.fingerprints[prototype], np.argsort(ways[way]))
        near = np.abs(prints[: len(found)] - own).max(axis=(1, 2, 3), initial=0.0)
        place = int(near.argmin()) if found else -1
        if found and near[place] <= SAME:
            total, first, assignment = found[place]
            found[place] = (total + weight, first, assignment)
        else:
            prints[len(found)] = own
            found.append((weight, prototype, ways[way]))
    return sorted(found, key=lambda entry: -entry[0])
