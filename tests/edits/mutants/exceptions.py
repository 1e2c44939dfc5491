# SPDX-License-Identifier: Apache-2.0
"""Mutants of the code that lockstep does not find, each kind with its reason."""

from __future__ import annotations

from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from attrs import frozen

__all__ = ["EXCEPTIONS", "Excepted", "Why", "reason_for"]


class Why(StrEnum):
    """What kind of reason it is."""

    EQUIVALENT = "equivalent"
    """Whoever runs it sees no difference."""
    ELSEWHERE = "found elsewhere"
    """It is of what lockstep does not drive, and tests that are about that find it."""


@frozen
class Excepted:
    """Mutants whose names are like this (`*` stands for anything), and why lockstep does not find them.

    Of those that are found elsewhere, each is found by one of `tests`: files, or single tests by pytest's node ids.
    """

    names: str
    why: Why
    reason: str
    tests: tuple[str, ...] = ()


def _equivalent(reason: str, *names: str) -> tuple[Excepted, ...]:
    return tuple(Excepted(name, Why.EQUIVALENT, reason) for name in names)


def _elsewhere(reason: str, tests: tuple[str, ...], *names: str) -> tuple[Excepted, ...]:
    return tuple(Excepted(name, Why.ELSEWHERE, reason, tests) for name in names)


def _tests(file: str, *names: str) -> tuple[str, ...]:
    return tuple(f"tests/{file}::{name}" for name in names)


_REFERENCE: Final = (
    *_equivalent(
        "Neither of the two looks at what the other does, and nothing is awaited in between.",
        'impl/durable/store.py:ConfigStore._change: order: `self._execute("UPDATE meta*',
        "impl/manifest/manifest.py:ManifestPublication.put: order: `value, metadata*",
    ),
    *_equivalent(
        "The attempt says itself that it is under way, before anybody else has a turn.",
        "impl/durable/replicator.py:Replicator.tend: order: *",
    ),
    *_equivalent("Nobody leaves it out.", "impl/durable/store.py:Alarm: constant: *"),
    *_elsewhere(
        "A run has one part: in which order several are deleted is not seen.",
        _tests("impl/test_manifest.py", "test_the_parts_that_nothing_needs_are_told_in_the_order_in_which_that_began"),
        "impl/manifest/ledger.py:PartLedger.released_for: sql: SQL: the order of texts *",
    ),
    *_equivalent(
        "While a handler runs its lease is armed, and nothing is due to be deleted.",
        "impl/manifest/collector.py:Collector.may_begin: part: no `(self._platform*",
    ),
    *_elsewhere(
        "Lockstep does not ask in which words it is refused.",
        _tests(
            "impl/test_do_kv_per_key.py",
            "test_a_key_that_is_absent_has_no_value_and_one_that_holds_something_else_is_refused",
        ),
        "impl/alternatives/per_key.py:part_of: catching: `ValueError` is not caught",
    ),
    *_equivalent(
        "Nothing else is raised there.",
        "impl/edge/reader.py:EdgeReader._open: catching: all is caught*",
        "impl/manifest/manifest.py:ManifestReader.find: catching: all is caught, not `ValueError`",
    ),
    *_equivalent(
        "The same parts are put together again.",
        "impl/manifest/manifest.py:ManifestReader._load: guard: never, not if `self._kept is not None*",
    ),
    *_equivalent(
        "Keys are texts already.",
        "impl/edge/centre.py:SqliteCentre.page: sql: SQL: the order of texts of `key` *",
    ),
    *_equivalent(
        "What runs next ends the transaction that a run may have left open.",
        "impl/durable/database.py:wipe: guard: never, not if `connection.in_transaction`",
    ),
    *_elsewhere(
        "A run is told at once which alarm was lost, and does not look later.",
        _tests("impl/test_lost_alarm.py", "test_however_often_the_config_moves_on_in_one_instant_no_alarm_is_lost"),
        "impl/durable/replicator.py:AlarmPlatform.stuck: part: no `self._armed()*",
    ),
    *_elsewhere(
        "20 runs are too few: 50, as `edgeproof verify` has, find it in manifest-faults.",
        _tests("impl/test_manifest.py", "test_an_upload_that_is_not_answered_in_time_has_failed"),
        "impl/manifest/manifest.py:ManifestPublication._put_parts: option: no `timeout=*",
    ),
    *_equivalent(
        "Python's SQLite waits for five seconds if nothing is said.",
        "impl/edge/centre.py:SqliteCentre.__init__: option: no `timeout=5`*",
        "impl/durable/database.py:open_file: option: no `timeout=5`*",
    ),
    *_elsewhere(
        "The centre in a file is for runs on the real clock.",
        _tests(
            "impl/test_kv.py",
            "test_both_centres_do_the_same",
            "test_pages_make_up_the_list_in_the_order_of_bytes",
            "test_processes_share_a_centre_through_its_file",
        ),
        "impl/edge/centre.py:SqliteCentre.*",
    ),
    *_elsewhere(
        "Lockstep puts as often as it likes.",
        _tests(
            "impl/test_kv.py",
            "test_a_key_takes_one_write_a_second",
            "test_the_spacing_of_writes_can_be_lifted",
            "test_processes_share_a_centre_through_its_file",
        ),
        "impl/edge/centre.py:DictCentre.write: *",
        "impl/edge/kv.py:KVNamespace._write: time: *",
    ),
    *_equivalent(
        "Whoever opens a unit's file uses it in the same thread.",
        "impl/durable/database.py:open_file: * in `check_same_thread=*",
    ),
    *_elsewhere(
        "No design lists keys, or has them expire.",
        _tests(
            "impl/test_kv.py",
            "test_a_key_expires_when_its_time_is_over_even_in_a_cache",
            "test_an_expiration_is_a_point_in_time",
            "test_a_key_lives_for_60_seconds_at_least",
            "test_pages_make_up_the_list_in_the_order_of_bytes",
            "test_a_cursor_that_no_page_gave_is_refused",
            "test_a_page_has_at_most_1000_keys",
        ),
        "impl/edge/kv.py:KVNamespace._expiry: *",
        "impl/edge/kv.py:KVNamespace.list: *",
        "impl/edge/kv.py:_key_of: *",
    ),
    *_elsewhere(
        "No case asks for what is refused.",
        _tests("impl/test_kv.py", "test_a_copy_is_cached_for_30_seconds_at_least"),
        "impl/edge/kv.py:KVLocation.get: another: `DEFAULT_CACHE_TTL`, not `cache_ttl`, in `(cache_ttl)`",
    ),
    *_elsewhere(
        "Lockstep counts no requests.",
        _tests("impl/test_kv.py", "test_each_question_to_the_centre_is_counted_and_no_copy_that_is_served"),
        "impl/edge/kv.py:KVLocation.ask: effect: no `self._namespace.usage*",
    ),
    *_elsewhere(
        "Runs write configs only, and nothing else lies in KV.",
        _tests("impl/test_snapshot.py", "test_what_is_no_published_config_is_refused"),
        "impl/snapshot.py:from_kv: catching: *",
    ),
    *_elsewhere(
        "Lockstep replays no changelog up to a version.",
        _tests(
            "impl/test_snapshot.py",
            "test_true_is_not_one",
            "test_replay_stops_at_the_version_that_is_asked_for",
            "test_a_changelog_with_a_version_missing_does_not_replay",
        ),
        "impl/snapshot.py:diff: *",
        "impl/snapshot.py:replay: *",
    ),
    *_elsewhere(
        "No case restores where a write was cut in half.",
        _tests("impl/test_store.py", "test_a_torn_write_cannot_be_restored_by_a_changelog_that_does_not_know_it"),
        "impl/durable/store.py:ConfigStore.restore: guard: never, not if `newer != *",
    ),
    *_elsewhere(
        "Runs have a grace that is long enough, or have none.",
        _tests(
            "impl/test_manifest.py",
            "test_the_grace_is_counted_from_the_write_or_from_the_confirmed_put",
            "test_a_collector_that_is_told_what_readers_need_refuses_a_shorter_grace",
        ),
        "impl/manifest/collector.py:Pace.grace_from_write: *",
        "impl/manifest/collector.py:Collector.__init__: part: *",
    ),
    *_elsewhere(
        "Every case says it.",
        _tests("impl/test_manifest.py", "test_a_reader_that_keeps_its_parts_reads_what_has_changed_only"),
        "impl/manifest/manifest.py:ManifestReader.__init__: constant: False in `keeps: bool = True`",
    ),
    *_elsewhere(
        "No case asks for an acknowledgement that there is not.",
        _tests("impl/test_front.py", "test_only_the_two_kinds_of_acknowledgement_are_accepted"),
        "impl/durable/front.py:Front.__init__: *",
    ),
    *_elsewhere(
        "No part is corrupt in a run.",
        _tests(
            "impl/test_parts.py",
            "test_a_part_that_is_not_what_its_name_says_is_refused",
            "test_what_is_no_manifest_is_refused",
            "test_parts_that_are_no_config_together_are_refused",
        ),
        "impl/manifest/parts.py:_check_digest: *",
        "impl/manifest/parts.py:Manifest.from_kv: catching: `TypeError` is not caught",
        "impl/manifest/parts.py:assemble: catching: `TypeError` is not caught",
    ),
    *_elsewhere(
        "Runs do not list tokens, name them, forget them or ask why one is refused.",
        _tests(
            "impl/test_tokens.py",
            "test_tokens_are_listed_by_how_they_stand",
            "test_a_token_is_revoked_once_by_its_id_its_secret_or_its_text",
            "test_the_table_itself_forgets_nothing_that_may_still_be_about",
            "test_a_secret_is_nowhere_but_with_whoever_had_it_minted",
            "test_a_token_is_good_once_published_and_refused_a_cache_ttl_after_its_revocation_is",
            "test_where_nothing_can_be_looked_up_nobody_is_admitted",
        ),
        "impl/tokens/table.py:TokenTable.list: *",
        "impl/tokens/table.py:TokenTable.prune: *",
        "impl/tokens/table.py:TokenTable.revoke: *",
        "impl/tokens/tokens.py:TokenRecord.state: *",
        "impl/tokens/tokens.py:authorise: word: *",
        "impl/tokens/tokens.py:Request: option: no `repr=False`*",
        'impl/tokens/edge.py:TokenGate.decide: exit: no `return Decision(False, "unavailable")`',
    ),
    *_elsewhere(
        "How long KV keeps a token beyond its end shows only after a day.",
        _tests("impl/test_tokens.py", "test_kv_is_told_of_a_token_for_half_a_day_after_its_end_and_keeps_it_for_a_day"),
        "impl/tokens/edge.py:TokenPublication._worth_telling: constant: *",
        "impl/tokens/edge.py:TokenPublication._tell: option: no `expiration=*",
    ),
    *_elsewhere(
        "Every config that is driven has two fields.",
        _tests("impl/test_do_kv_per_key.py", "test_the_puts_of_an_attempt_share_its_time_and_there_may_be_none"),
        "impl/alternatives/per_key.py:PerKeyPublication.put: constant: 2, not 1*",
    ),
    *_elsewhere(
        "A run fires alarms by hand.",
        _tests("impl/test_manifest.py", "test_what_is_surely_stored_is_not_put_again"),
        "impl/durable/replicator.py:AlarmPlatform.run: *",
    ),
)

_WORKER: Final = (
    *_equivalent(
        "Neither of the two looks at what the other does, in one transaction.",
        "impl/worker/store.js:ConfigStore.undo: order: *",
    ),
    *_elsewhere(
        "None of the cases that the store is driven in has a watchdog.",
        _tests(
            "workerd/test_lost_alarm.py",
            "test_the_registry_is_told_of_a_unit_once_and_not_at_every_write",
            "test_the_watchdog_knows_of_a_unit_whose_first_publication_was_lost",
        ),
        "impl/worker/store.js:ConfigStore.introduce: *",
    ),
    *_elsewhere(
        "Lockstep records no history.",
        _tests(
            "workerd/test_history.py",
            "test_what_the_worker_logs_is_a_history_that_can_be_checked",
            "test_what_goes_wrong_is_said_to_have_gone_wrong",
        ),
        "impl/worker/store.js:ConfigStore.write: guard: never, not if `told`",
        "impl/worker/index.js:commitOf: *",
    ),
    *_elsewhere(
        "Only flags are about single fields.",
        _tests(
            "workerd/test_flags_control_plane.py",
            "test_a_full_replace_loses_no_update_unless_it_is_asked_to",
            "test_writers_of_other_flags_are_not_in_each_others_way",
            "test_the_changelog_says_who_did_what_and_what_became_different",
        ),
        "impl/worker/store.js:ConfigStore.history: *",
        "impl/worker/store.js:ConfigStore.commit: effect: no `this.expect(expectedFields);`",
        "impl/worker/store.js:: sql: * of `MAX(version)` *",
    ),
    *_elsewhere(
        "A run has a time of its own, far from the alarm's millisecond.",
        _tests(
            "workerd/test_lost_alarm.py",
            "test_an_alarm_of_the_handler_is_set_for_a_later_millisecond_than_the_one_that_runs[a millisecond later]",
        ),
        "impl/worker/store.js:ConfigStore.arm: sum: *",
    ),
    *_elsewhere(
        "Lockstep sends nothing that is refused for its form.",
        _tests(
            "workerd/test_http_front.py",
            "test_a_restore_goes_any_way_back_and_the_changelog_is_told_from_any_version_on",
            "test_a_number_that_no_double_can_hold_is_refused_at_any_depth",
            "test_a_body_that_is_nested_too_deep_is_refused",
        ),
        "impl/worker/index.js:postRestore: constant: *",
        "impl/worker/validation.js:parseJson: *",
        "impl/worker/validation.js:actorIn: exit: *",
    ),
)

EXCEPTIONS: Final[tuple[Excepted, ...]] = (*_REFERENCE, *_WORKER)


def reason_for(name: str) -> Excepted | None:
    """The first that speaks of a mutant; None if none does."""
    return next((one for one in EXCEPTIONS if fnmatchcase(name, one.names.replace("[", "[[]"))), None)
