# SPDX-License-Identifier: Apache-2.0
"""One file per command of `edgeproof`; each is a thin layer over functions that the rest of this package has."""
