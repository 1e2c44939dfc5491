# SPDX-License-Identifier: Apache-2.0
"""Which power cuts of a recorded run to look at: all of them where there are few images, else a sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from random import Random
from typing import Final, TypeAlias

from attrs import frozen

from edgeproof.properties.engines.crash.disk import Disk, Files, Moment, whole_of
from edgeproof.properties.engines.crash.effort import Budget
from edgeproof.properties.engines.crash.images import Choice, choices
from edgeproof.properties.engines.crash.syscalls.promise import Promise
from edgeproof.properties.engines.crash.syscalls.recording import Recording

__all__ = ["Cut", "Image", "Plan", "image_of", "moments", "plan"]

_VARIED: Final = 100
"""Of more operations than this that are not sure, those before are all kept; or everything is lost."""

Image: TypeAlias = bytes
"""A digest of files, by which images that are the same are known."""


@frozen
class Cut:
    """A power cut: the moment, what is kept of what was not sure then, and what was acknowledged before it."""

    at: Moment
    choice: Choice
    acknowledged: tuple[str, ...]

    def left(self) -> Files:
        """What there is after it."""
        return self.at.left(self.choice)


@frozen
class Plan:
    """Power cuts in their order, each with its image, and of how many points and images they are a sample.

    `exhausted` are the points at which every subset of what was not sure is among them, if no image is left out.
    """

    cuts: Sequence[tuple[Image, Cut]]
    points: int
    of_points: int
    exhausted: int
    images: int
    of_images: int

    def __str__(self) -> str:
        """What is covered, in words."""
        sampled = self.images < self.of_images
        images = (
            f"{self.images:,} of {self.of_images:,} images, by chance," if sampled else f"all {self.images:,} images"
        )
        points = (
            f"{self.points:,} of {self.of_points:,} points"
            if self.points < self.of_points
            else f"{self.points:,} points"
        )
        return f"{images} of {points}: at {self.exhausted:,} points every subset of what was not sure, else a sample"


def moments(recording: Recording) -> Iterator[Moment]:
    """The disk before the first operation of a run, and after each."""
    disk = Disk()
    for number, one in enumerate(recording.operations):
        if number >= recording.first:
            yield disk.now()
        disk.do(one)
    yield disk.now()


def plan(recording: Recording, promise: Promise, budget: Budget, images: int, seed: int) -> Plan:
    """The power cuts to look at, with no more than so many images."""
    dice = Random(seed)
    of_points = len(recording.operations) - recording.first + 1
    taken = set(range(of_points) if of_points <= images else dice.sample(range(of_points), images))
    points = [moment for number, moment in enumerate(moments(recording)) if number in taken]
    by_image: dict[Image, dict[int, Cut]] = {}
    for moment in points:
        acknowledged = promise.until(moment.done)
        for choice in _choices(moment, budget, dice):
            cut = Cut(moment, choice, acknowledged)
            by_image.setdefault(image_of(cut.left()), {}).setdefault(len(acknowledged), cut)
    tried = set(by_image if len(by_image) <= images else dice.sample([*by_image], images))
    cuts = [(image, cut) for image, some in by_image.items() if image in tried for cut in some.values()]
    return Plan(
        sorted(cuts, key=lambda one: one[1].at.done),
        *(len(points), of_points, sum(budget.exhausts(len(moment.pending)) for moment in points)),
        *(len(tried), len(by_image)),
    )


def _choices(moment: Moment, budget: Budget, dice: Random) -> Iterator[Choice]:
    early, late = moment.pending[:-_VARIED], moment.pending[-_VARIED:]
    kept = tuple(map(whole_of, early))
    for choice in choices(late, budget, dice):
        yield (*kept, *choice)
    if early:
        yield ()


def image_of(files: Mapping[str, bytes]) -> Image:
    """The digest of files, their names and contents."""
    digest = sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{len(name)} {name} {len(content)} ".encode())
        digest.update(content)
    return digest.digest()
