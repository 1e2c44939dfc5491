# SPDX-License-Identifier: Apache-2.0
"""Any deployment that speaks HTTP, driven by a description of its routes and recorded as a history."""
