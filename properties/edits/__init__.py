# SPDX-License-Identifier: Apache-2.0
"""Does lockstep see it? Implementations with one slip each, made of the sources in a private process, and driven."""
