"""The front door: `python -m bot` and the console script `volati`."""

import signal

#: What httpx and structlog load for a command line of their own and for coloured tracebacks, none of which is ours:
#: 4 MB that the bot would hold for nothing. The command line's help loads the first when it is asked for.
_UNUSED = ("rich", "click", "pygments")


def main() -> None:
    """Answer one command. Until it works on something, Ctrl-C ends it as it ends any program: at once, and quietly."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from bot.footprint import without  # noqa: PLC0415 importing takes half a second, in which one may think better of it

    with without(*_UNUSED):
        from bot.cli.app import main as answer  # noqa: PLC0415 as above

    answer()


if __name__ == "__main__":
    main()
