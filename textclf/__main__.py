"""Run the program: `python -m textclf`."""

import sys

from textclf.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
