"""``python -m flows``: the command line of the project, the same as ``dao``."""

import sys

from flows.cli.app import main

sys.exit(main())
