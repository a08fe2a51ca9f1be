"""Lets ``python -m tracker`` do what the command ``tracker`` does."""

from tracker.cli.main import run

if __name__ == "__main__":
    run()
