# SPDX-License-Identifier: Apache-2.0
"""What designs cost under a load: counted on the model, and on an implementation beside it."""
