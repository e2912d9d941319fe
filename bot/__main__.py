"""The front door: `python -m bot` and the console script `volati`."""

import signal


def main() -> None:
    """Answer one command. Until it works on something, Ctrl-C ends it as it ends any program: at once, and quietly."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from bot.cli import main as answer  # noqa: PLC0415 importing takes half a second, in which one may think better of it

    answer()


if __name__ == "__main__":
    main()
