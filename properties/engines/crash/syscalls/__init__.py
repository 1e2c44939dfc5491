# SPDX-License-Identifier: Apache-2.0
"""Power cuts of any program: its system calls are recorded, and what a power cut may leave is given to its recovery."""
