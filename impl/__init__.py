# SPDX-License-Identifier: Apache-2.0
"""The reference implementation, wing by wing: real code over SQLite that knows nothing of the models."""
