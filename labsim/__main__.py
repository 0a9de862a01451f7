"""Run the command line as `python -m labsim`."""

from labsim.cli import main

if __name__ == "__main__":
    main()
