# SPDX-License-Identifier: Apache-2.0
"""Designs side by side: as text, as JSON, as Markdown, and as a folder with all traces."""
