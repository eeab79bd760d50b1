"""``python -m taylorad`` is the command line."""

import sys

from taylorad.cli import main

if __name__ == "__main__":
    sys.exit(main())
