# SPDX-License-Identifier: Apache-2.0
"""Fleet delivery without KV: versions pushed to locations in stages, watched, and taken back."""
