# SPDX-License-Identifier: Apache-2.0
"""Small programs whose operations are under way together, on the real parts: a subject a file."""
