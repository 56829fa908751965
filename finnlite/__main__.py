# SPDX-License-Identifier: Apache-2.0
"""`python -m finnlite` is the `finnlite` command."""

from finnlite.cli import main

if __name__ == "__main__":
    main()
