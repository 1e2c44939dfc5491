# SPDX-License-Identifier: Apache-2.0
"""`make mutants`. Every process that drives a mutant imports this file, and needs nothing of the rest."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    import click

    from edgeproof.reports.errors import Unusable
    from tests.edits.mutants.command import mutants

    try:
        sys.exit(mutants.main(standalone_mode=False))
    except (Unusable, click.ClickException) as error:
        sys.exit(f"make mutants: {error}")
