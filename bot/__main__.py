"""The front door: `python -m bot` and the console script `volati`."""

from bot.cli import main

if __name__ == "__main__":
    main()
