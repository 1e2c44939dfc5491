# SPDX-License-Identifier: Apache-2.0
"""What a reader at the edge can be told, and how late: proved, searched, tested, and checked on recorded traffic."""
