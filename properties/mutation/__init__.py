# SPDX-License-Identifier: Apache-2.0
"""Which mistakes in a design would be noticed: mutants of it, and who kills them."""
