"""`python -m founderstack` is the command line."""

from founderstack.cli.main import main

raise SystemExit(main())
