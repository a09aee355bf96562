"""`python -m nncalc` is `nncalc`."""

import sys

from nncalc.cli import main

if __name__ == "__main__":
    sys.exit(main())
