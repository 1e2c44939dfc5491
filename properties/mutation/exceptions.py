# SPDX-License-Identifier: Apache-2.0
"""Mutants that nobody notices, and need not: each kind with its reason."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

from attrs import frozen

__all__ = ["EXCEPTIONS", "Excepted", "reason_for"]


@frozen
class Excepted:
    """Mutants of `designs` (all of them if there are none) whose words are like this (`*` stands for anything), and why
    nobody has to notice them.
    """

    says: str
    reason: str
    designs: tuple[str, ...] = ()


_NEVER_LATE = "Nothing that is told here is ever late: from when on the age of a write counts makes no difference."

EXCEPTIONS: Final[tuple[Excepted, ...]] = (
    Excepted(
        "* is owed a turn",
        "With one more action owed a turn fewer runs are fair. What settles does so in all of them, and what does not "
        "has a run that is fair still.",
    ),
    *(
        Excepted(
            f"{action}: no `not stray[slot]` in *",
            "A late put in the place of another one: that may never land as well (`stray_vanishes`), and then the "
            "place is free.",
        )
        for action in ("put_late", "put_given_up")
    ),
    *(
        Excepted(
            says,
            "Every put begins with this forgotten, and nothing but its end asks for it.",
            ("do_kv_restores",),
        )
        for says in ("put_confirmed leaves replaced as it is", "replaced is True at first")
    ),
    Excepted(
        "write: no `replaced` in *",
        "A write makes the put under way outdated by itself, and nothing but its end asks whether the store was "
        "restored.",
        ("do_kv_restores",),
    ),
    *(
        Excepted(
            says,
            "To restore a store that holds nothing leads where a first write leads that is taken back at once.",
            ("do_kv_restores",),
        )
        for says in ("rollback_all: no `0 < config` in *", "rollback_all: `0 <= config` instead of `0 < config`")
    ),
    Excepted(
        "resync is not owed a turn",
        "A clock may be behind for ever: nothing that has to come about waits for it to be set right.",
        ("artifacts_tokens",),
    ),
    Excepted(
        "before is poison at first",
        "What the config was a version ago is asked for where there were two, and every write says it anew.",
        ("do_kv_content",),
    ),
    Excepted(
        "overtaken is True at first",
        "The first answer that is installed says anew of every read whether it is overtaken, and nothing asks before.",
        ("do_kv_in_flight", "do_kv_fills"),
    ),
    Excepted(
        "`S` whether or not `alarm = again`",
        "Alarms may be lost here, and promises count on that: a retry that is late by S is no later than one that is "
        "lost.",
        ("do_kv_lost_alarms",),
    ),
    Excepted(
        "memo_age always runs",
        "The age of what an isolate keeps is asked for only where it keeps something, and begins when that comes: "
        "there are the same runs, in more states than mutants are compared in.",
        ("do_kv", "do_kv_regional"),
    ),
    *(
        Excepted(says, _NEVER_LATE, ("do_only",))
        for says in ("write: 1 instead of 0", "write: `0` whether or not *", "since always runs")
    ),
    *(
        Excepted(
            says,
            "The level itself goes by the age that the property asks for: where that starts makes no difference to "
            "what may be told.",
            ("levels",),
        )
        for says in ("write: 1 instead of 0", "write_by_another: 1 instead of 0", "since always runs")
    ),
    Excepted(
        "no `not (fetching[read_0] = no)` in *",
        "A copy is as old as its question, however late that is answered; and where its age counts from the answer, "
        "the bound is broken within L already.",
        ("do_kv_fills",),
    ),
    *(
        Excepted(
            says,
            "What a late delete can break it breaks within Z: nothing is promised where a delete may be late.",
            ("do_kv_manifest",),
        )
        for says in ("no `(not stray) or (stray_for <= Z)` in *", "`stray` instead of `not stray`")
    ),
    Excepted(
        "part_stored: no `sending = parts` in *",
        "Where the collector takes turns, no part is missing once the manifest is under way. Beside it a part may be: "
        "to put it again then makes nothing worse, and what that case shows is shown still.",
        ("do_kv_manifest",),
    ),
    Excepted(
        "write_without: no `names = digest` in *",
        "Where names are places a config without the part is left out to keep the search small: all that is promised "
        "there stands with it as well.",
        ("do_kv_manifest",),
    ),
    Excepted(
        "release_bad: no `(freeze = on) or (not (rollback = automatic))` in *",
        "A bad version is followed where nothing is promised of it as well: nobody asks there how long it was told.",
        ("global_push",),
    ),
    *(
        Excepted(
            says,
            "A complaint about what has got past the gate comes too late: there is nothing else to return to, and "
            "everybody is sent what runs already.",
            ("global_push",),
        )
        for says in ("complain: no `good < config` in *", "complain: `good <= config` instead of `good < config`")
    ),
    Excepted(
        "say_well: no `gate = reports` in *",
        "Where silence is taken for health nobody asks who has said that it is well.",
        ("global_push",),
    ),
)


def reason_for(design: str, says: str) -> str:
    """Why a mutant need not be noticed; "" if nobody has said."""
    for one in EXCEPTIONS:
        if (not one.designs or design in one.designs) and fnmatchcase(says, _plain(one.says)):
            return one.reason
    return ""


def _plain(pattern: str) -> str:
    """The pattern with brackets, which stand in what mutants say, standing for themselves."""
    return pattern.replace("[", "[[]")
