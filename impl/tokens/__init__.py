# SPDX-License-Identifier: Apache-2.0
"""Tokens for Git requests, published from a Durable Object per repo and checked where requests arrive."""
