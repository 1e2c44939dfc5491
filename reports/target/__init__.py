# SPDX-License-Identifier: Apache-2.0
"""A deployment of somebody's own, judged by what its `edgeproof.toml` says of it."""
