# SPDX-License-Identifier: Apache-2.0
"""What is said of the parts that designs are made of, for their dossiers to take: lemmas, and terms of bounds."""
