# SPDX-License-Identifier: Apache-2.0
"""What several designs are made of: one part, or a part and what extends it, per file."""
