"""`python -m cxr_triage` is the command line."""

from cxr_triage.cli.app import main

if __name__ == "__main__":
    main()
