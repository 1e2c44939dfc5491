# SPDX-License-Identifier: Apache-2.0
"""Git repositories as Artifacts has them: tokens in KV, a door at each location, and behind it the repository's object.

What is here puts `impl.tokens` and `impl.git` together, as a service with a control plane.
"""
