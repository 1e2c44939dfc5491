# SPDX-License-Identifier: Apache-2.0
"""Workers KV as its documentation has it, and what reads from it at a location."""
