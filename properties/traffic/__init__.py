# SPDX-License-Identifier: Apache-2.0
"""Every property of recorded traffic, a file each: `catalogue` has them all.

Times are intervals: an event lies somewhere between `invoke` and `returned`, and counts as a violation only if it is
one however the events lay within theirs, the order of equal times being unknown. Versions order by era, then by number.
"""
