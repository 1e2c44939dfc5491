# SPDX-License-Identifier: Apache-2.0
"""Reports to look at: one HTML file each, with pictures, that needs no network and runs no script."""
