# SPDX-License-Identifier: Apache-2.0
"""The Durable Object of a unit: its storage, its request handler, and what copies its config to KV."""
