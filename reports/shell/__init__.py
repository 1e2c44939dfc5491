# SPDX-License-Identifier: Apache-2.0
"""`edgeproof shell`: a walk through a design by typed lines."""
