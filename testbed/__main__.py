"""`python -m testbed VERB` is `echoblock VERB`."""

import sys

from testbed.cli import main

sys.exit(main())
