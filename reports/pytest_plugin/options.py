# SPDX-License-Identifier: Apache-2.0
"""How much a test in lockstep tries, and where its traces go: of the command line, of a profile, or of Hypothesis."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import frozen

from edgeproof.properties.engines.fuzz.engine import Budget

if TYPE_CHECKING:
    import hypothesis
    import pytest

__all__ = ["PROFILES", "Options", "Profile", "budget_for", "options_of"]


@frozen
class Profile:
    """So many runs of so many steps."""

    examples: int
    steps: int


PROFILES: Final[Mapping[str, Profile]] = {"ci": Profile(50, 80), "night": Profile(10_000, 200)}


@frozen
class Options:
    """The options of a run of pytest; `seed` is Hypothesis's (--hypothesis-seed) unless edgeproof's own is given."""

    profile: str | None
    examples: int | None
    seed: int
    replay: Path | None
    coverage: bool
    traces: Path


def options_of(config: pytest.Config) -> Options:
    """What was given on the command line."""
    profile, seed = config.getoption("edgeproof_profile"), config.getoption("edgeproof_seed")
    replay, traces = config.getoption("edgeproof_replay"), config.getoption("edgeproof_traces")
    here = config.invocation_params.dir
    return Options(
        profile,
        config.getoption("edgeproof_examples"),
        _hypothesis_seed(config) if seed is None else seed,
        None if replay is None else here / replay,
        bool(config.getoption("edgeproof_coverage") or profile),
        config.rootpath / ".edgeproof" if traces is None else here / traces,
    )


def budget_for(options: Options, settings: hypothesis.settings | None, name: str) -> Budget:
    """How much the test of this name tries.

    The number of runs is that of the command line; else runs and steps are those of the test's own `settings`; else of
    the profile; else of Hypothesis's current settings (`max_examples`, `stateful_step_count`). What failed before is
    kept in Hypothesis's database, where its settings have one, and tried first.
    """
    from hypothesis import settings as current

    chosen = current() if settings is None else settings
    profile = PROFILES[options.profile] if options.profile and settings is None else None
    examples, steps = (
        (chosen.max_examples, chosen.stateful_step_count) if profile is None else (profile.examples, profile.steps)
    )
    return Budget(options.examples or examples, steps, options.seed, database=chosen.database, name=name)


def _hypothesis_seed(config: pytest.Config) -> int:
    given = str(config.getoption("hypothesis_seed", None))
    return int(given) if given.isascii() and given.isdigit() else 0
