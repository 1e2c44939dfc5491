# SPDX-License-Identifier: Apache-2.0
"""Recorded traffic, for whoever checks it, learns from it, or follows it: what is read, promised, found and shown."""
