# SPDX-License-Identifier: Apache-2.0
"""What people call the columns of a history, and what they say in them: data for `explore`, which only proposes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["NAMES", "WORDS", "plain_name"]

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": ("kind", "eventname", "eventtype", "event", "action", "operation", "op", "type", "name", "method", "msg"),
    "unit": (
        *("unit", "featureflagsetid", "flagkey", "featureflagkey", "flag", "appid", "app", "application", "configid"),
        *("confignamespace", "configkey", "config", "namespace", "object", "durableobject", "objectid", "store"),
        *(
            "kvkey",
            "flagset",
            "configset",
            "tenant",
            "project",
            "service",
            "environment",
            "key",
            "resource",
            "scriptname",
        ),
    ),
    "version": (
        *("version", "ver", "configversion", "flagversion", "featureflagversion", "newversion", "versionid"),
        *("revision", "rev", "seq", "sequence", "generation", "etag", "v"),
    ),
    "invoke": (
        *("invoke", "start", "started", "startedat", "starttime", "startts", "begin", "began", "beganat", "begints"),
        *("requestedat", "timestamp", "ts", "time", "eventtime", "eventtimestamp", "eventtimestampms", "datetime"),
        *("creationdate", "createdat", "occurredat", "loggedat", "receivedat", "timestampms", "date", "at", "t"),
        *("timeunixnano", "starttimeunixnano"),
    ),
    "return": (
        *("return", "returned", "end", "ended", "endedat", "endtime", "endts", "finish", "finished", "finishedat"),
        *("completed", "completedat", "respondedat", "stop", "stoppedat", "endtimeunixnano"),
    ),
    "duration": (
        *("duration", "took", "elapsed", "elapsedtime", "latency", "responsetime", "executiontime", "walltime", "rtt"),
    ),
    "outcome": ("outcome", "status", "result", "success", "ok", "succeeded", "statuscode", "errortype"),
    "digest": ("digest", "contentdigest", "configdigest", "sha256", "contenthash", "hash", "checksum"),
    "pop": ("pop", "colo", "cloudflarecolo", "location", "datacenter", "dc", "region", "cloudregion", "edge", "zone"),
    "reader": (
        *("reader", "readerid", "isolate", "isolateid", "instance", "instanceid", "serviceinstanceid", "worker"),
        *("workerid", "host", "hostname", "pod", "podname", "client", "clientid", "sessionid", "session", "node"),
        *("contextkey", "userkey", "rayid", "requestid", "traceid"),
    ),
    "source": ("source", "servedfrom", "cachestatus", "cacheresult", "cache", "origin", "from", "tier"),
    "note": ("note", "reason", "error", "errormessage"),
    "key": ("idempotencykey", "idempotency", "mutationid", "dedupid", "writeid", "clientmutationid"),
    "base": ("base", "baseversion", "previousversion", "prevversion", "oldversion", "parentversion"),
    "era": ("era", "incarnation"),
    "repo": ("repo", "repository"),
    "scope": ("scope",),
    "expires": ("expires", "expiresat", "expiry"),
    "admitted": ("admitted", "allowed"),
}
"""Names for each of our columns without their punctuation, the likeliest first."""

WORDS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "kind": (
        ("fault", r"fault|evict|crash|partition|outage|rollback|restore"),
        ("publish", r"publish|\bput\b|propagat|replicat|push|kv.?(write|put|set)"),
        ("read", r"read|eval|\bget\b|fetch|serve|lookup|resolve|feature\b|exposure|told"),
        ("commit", r"commit|write|update|\bset\b|create|change|save|upsert|patch|toggle|edit|modif|deploy"),
    ),
    "outcome": (
        ("unknown", r"unknown|time.?out|timed.?out|abort|cancel|pending|504|408"),
        ("ok", r"^(ok|success|succeeded|successful|true|t|yes|done|completed|2\d\d|0)$"),
        ("fail", r"fail|error|denied|reject|exception|^(false|f|no|[45]\d\d)$"),
    ),
    "source": (
        ("cache", r"^(cache|cached|hit|edge)$"),
        ("memo", r"^(memo|memory|in.?memory|local|isolate)$"),
        ("kv", r"^(kv|miss|expired|dynamic|bypass|revalidated)$"),
        ("centre", r"^(centre|center|central)$"),
        ("fallback", r"^(fallback|stale|default)$"),
        ("last_good", r"^last.?good$"),
        ("store", r"^(store|do|durable.?object|origin|primary)$"),
    ),
}
"""Our words, each with what looks like it, the first that does counting."""

_PUNCTUATION: Final = re.compile(r"[^a-z0-9]+")


def plain_name(text: str) -> str:
    """A name as `NAMES` has it: lower case, and without punctuation."""
    return _PUNCTUATION.sub("", text.lower())
