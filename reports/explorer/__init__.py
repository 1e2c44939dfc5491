# SPDX-License-Identifier: Apache-2.0
"""A browser's walk through a design: a page per state, of which the address says all, on loopback alone."""
