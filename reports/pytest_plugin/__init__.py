# SPDX-License-Identifier: Apache-2.0
"""edgeproof inside somebody's own pytest: lockstep as a test, with options, profiles and a report of what was covered.

pytest loads `hooks` in every run of every project of an environment, so that file imports nothing of ours; the rest is
imported by the first test that asks for it.
"""
