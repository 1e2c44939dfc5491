# SPDX-License-Identifier: Apache-2.0
"""Large configs: parts under names of their own, and a manifest that says which make up a version."""
