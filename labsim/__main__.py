"""Run the command line: as `labsim`, or as `python -m labsim`."""

from labsim import interrupts


def main() -> None:
    """Run the command line; it can be interrupted from here on, before it has loaded."""
    interrupts.leave_quietly()
    from labsim.cli import main as run

    run()


if __name__ == "__main__":
    main()
