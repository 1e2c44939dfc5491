# SPDX-License-Identifier: Apache-2.0
"""What must be able to happen in several designs."""

from __future__ import annotations

from edgeproof.properties.designs.dossier import Fact

__all__ = [
    "acknowledged",
    "as_late_as_it_may_be",
    "crashes_at_any_time",
    "happens",
    "hurries_nothing",
    "waits_to_retry",
    "watched",
    "watched_from",
]


def acknowledged(case: str) -> Fact:
    """Whoever loses nothing that was acknowledged must acknowledge something."""
    return Fact(case, "A write is acknowledged.", lambda s: s.acked > 0)


def waits_to_retry(case: str) -> dict[str, Fact]:
    """Whoever retries sooner breaks no promise either, and asks too much of KV."""
    return {
        "a-retry-waits": Fact(
            case,
            "A retry waits for all of R.",
            lambda s: (s.alarm == "retry") & (s.sending == "idle") & (s.armed == s.R),
        ),
        "a-wait-begins": Fact(
            case,
            "It waits from the failure on.",
            lambda s: (s.alarm == "retry") & (s.sending == "idle") & (s.armed == 0),
        ),
    }


def as_late_as_it_may_be(case: str) -> dict[str, Fact]:
    """A bound counts on alarms that are late and puts that take long: it says less where none is or does."""
    return {
        "an-alarm-is-late": Fact(
            case,
            "An alarm fires as late as it may.",
            lambda s: (s.alarm == "sync") & (s.sending == "idle") & (s.armed == s.S),
        ),
        "a-put-takes-long": Fact(
            case, "A put takes as long as it may.", lambda s: (s.sending != "idle") & (s.sending_for == s.D)
        ),
    }


def crashes_at_any_time(case: str) -> dict[str, Fact]:
    """A design whose crashes spare some moments promises less than it says."""
    return {
        "a-crash-ends-a-put": Fact(
            case, "A crash ends a put.", lambda s: (s.sending != "idle") & (s.failures < s.F), "crash"
        ),
        "a-crash-between-attempts": Fact(
            case,
            "A crash comes between two attempts, however many of them have failed.",
            lambda s: (s.sending == "idle") & (s.failures == s.F),
            "crash",
        ),
    }


def hurries_nothing(case: str, with_heartbeat: str, *writes: str) -> dict[str, Fact]:
    """A write finds an alarm that is armed, and one that replaces it delays what waits for it."""

    def stays(where: str, write: str, alarm: str, says: str) -> Fact:
        return Fact(
            where,
            says,
            lambda s: (s.alarm == alarm) & (s.sending == "idle") & (s.armed == (s.S if alarm == "sync" else s.H)),
            write,
            lambda s: (s.alarm == alarm) & (s.armed > 0),
        )

    return {
        **{f"{one}-leaves-the-alarm": stays(case, one, "sync", f"{one} leaves an alarm as it is.") for one in writes},
        **{
            f"{one}-leaves-a-due-heartbeat": stays(
                with_heartbeat, one, "beat", f"{one} leaves a heartbeat that is due."
            )
            for one in writes
        },
    }


def watched(case: str, *writes: str) -> dict[str, Fact]:
    """Whoever looks away finds nobody late. `writes` are the actions that commit something."""
    return {
        **{f"{write}-leaves-its-age": _leaves_its_age(case, write) for write in writes},
        "a-write-is-watched": Fact(
            case,
            "A write is watched from its commit on.",
            lambda s: s.watching & (s.since == 0) & (s.config == s.watched),
        ),
        "a-write-is-watched-on": Fact(
            case, "It is watched still when a newer one is committed.", lambda s: s.watching & (s.watched < s.config)
        ),
    }


def watched_from(case: str, write: str) -> dict[str, Fact]:
    """The same of an action that commits something in this case only."""
    return {
        f"{write}-leaves-its-age": _leaves_its_age(case, write),
        f"{write}-is-watched": Fact(
            case,
            f"What {write} commits is watched from then on.",
            happens=write,
            then=lambda s: s.watching & (s.since == 0) & (s.config == s.watched),
        ),
    }


def _leaves_its_age(case: str, write: str) -> Fact:
    return Fact(
        case,
        f"What is watched goes on aging when something newer is committed by {write}.",
        lambda s: s.watching & (s.since == 1),
        write,
        lambda s: s.watching & (s.since == 1) & (s.watched < s.config),
    )


def happens(case: str, action: str, says: str) -> Fact:
    """Something happens that leaves no trace in any state, or that nothing else needs."""
    return Fact(case, says, happens=action)
