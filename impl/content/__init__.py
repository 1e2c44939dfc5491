# SPDX-License-Identifier: Apache-2.0
"""Content that may be bad: how it is recognised, what is published of it, and what a reader does with it."""
