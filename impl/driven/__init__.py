# SPDX-License-Identifier: Apache-2.0
"""What systems under test are made of: actions by name, in virtual time; a kind of step a file."""
