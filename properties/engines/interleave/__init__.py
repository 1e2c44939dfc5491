# SPDX-License-Identifier: Apache-2.0
"""Orders in which operations under way together can go, on real code: all of them, or some by priority."""
