"""Training of the metric between compositions: each crystal seen asks the others.

For every crystal the probability of its own prototype, with its elements on the right classes, is
raised, given all other crystals of its stoichiometry but those of the same elements, so that the
metric learns to answer for compositions that it has not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dao_core.generator.prototypes.classes import assignments
from dao_core.generator.prototypes.library import SAME, PrototypeGroup, PrototypeLibrary
from dao_core.generator.prototypes.metric import CompositionMetric, prototype_logits

FEWEST = 3
"""Crystals of a stoichiometry, below which it teaches nothing."""
MOST_ASSIGNMENTS = 24
ASKED = 24
"""Crystals of one stoichiometry that ask at once."""
SEEN = 4000
"""Pairs of crystal and assignment that answer at once."""
GROUPS_PER_STEP = 4
LEARNING_RATE = 2e-3
STEPS = 4000


@dataclass(frozen=True)
class _Lesson:
    """A stoichiometry: its crystals, and the fingerprints ``[m, k, k, n]`` of their prototypes."""

    counts: tuple[int, ...]
    elements: Tensor
    fingerprints: Tensor


def train_metric(library: PrototypeLibrary, steps: int = STEPS, seed: int = 0) -> CompositionMetric:
    """A metric for a library; one from which nothing can be learned gives an untrained metric.

    Args:
        library: of the training set.
        steps: optimiser steps under a cosine.
        seed: of weights and choices.
    """
    random = np.random.default_rng(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        metric = CompositionMetric()
    lessons = [
        _lesson(counts, group)
        for counts, group in library.groups.items()
        if len(group.elements) >= FEWEST and len(assignments(counts)) <= MOST_ASSIGNMENTS
    ]
    if not lessons:
        return metric
    sizes = np.array([len(lesson.elements) for lesson in lessons])
    optimizer = torch.optim.AdamW(metric.parameters(), lr=LEARNING_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        chosen = random.choice(len(lessons), GROUPS_PER_STEP, p=sizes / sizes.sum())
        losses = [_losses(metric, lessons[index], random) for index in chosen]
        loss = torch.cat(losses)
        if len(loss):
            optimizer.zero_grad()
            loss.mean().backward()
            nn.utils.clip_grad_norm_(metric.parameters(), 1.0)
            optimizer.step()
        schedule.step()
    return metric


def _lesson(counts: tuple[int, ...], group: PrototypeGroup) -> _Lesson:
    prints = torch.from_numpy(group.fingerprints[group.members])
    return _Lesson(counts, torch.from_numpy(group.elements), prints)


def _losses(metric: CompositionMetric, lesson: _Lesson, random: np.random.Generator) -> Tensor:
    """Minus the log-probability of the right prototype, for those who can find it, ``[q]``."""
    ways = assignments(lesson.counts)
    asking = _some(len(lesson.elements), ASKED, random)
    answering = _some(len(lesson.elements), max(64, SEEN // len(ways)), random)
    asked, seen = lesson.elements[asking], lesson.elements[answering]
    logits = prototype_logits(metric(asked, lesson.counts), metric(seen, lesson.counts), ways)
    same_elements = (asked.sort(dim=1).values[:, None] == seen.sort(dim=1).values[None]).all(
        dim=-1
    )[:, None]
    right = torch.stack(
        [
            torch.cdist(
                lesson.fingerprints[asking][:, way][:, :, way].flatten(1),
                lesson.fingerprints[answering].flatten(1),
                p=torch.inf,
            )
            <= SAME
            for way in map(list, ways)
        ],
        dim=1,
    )
    logits = logits.masked_fill(same_elements, -torch.inf).flatten(1)
    right = (right & ~same_elements).flatten(1)
    able = right.any(dim=1)
    logits, right = logits[able], right[able]
    return logits.logsumexp(dim=1) - logits.masked_fill(~right, -torch.inf).logsumexp(dim=1)


def _some(n: int, most: int, random: np.random.Generator) -> NDArray[np.int64]:
    return np.sort(random.choice(n, min(n, most), replace=False))
