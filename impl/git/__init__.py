# SPDX-License-Identifier: Apache-2.0
"""A Git server: an object per repository, with its objects, refs and changelog in SQLite, and smart HTTP in front.

Of dulwich come the functions that are worth sharing: applying deltas (compiled), writing pkt-lines, and Git's rules for
ref names. Its server is left out: it reads whole objects, compresses each again for every clone, and keeps what a
refused push has brought. Packs are kept here as they came, and their entries are sent again without being inflated.
"""
