# SPDX-License-Identifier: Apache-2.0
"""What a power cut leaves of a store: its operations are recorded, and what a disk may hold of them is opened again."""
