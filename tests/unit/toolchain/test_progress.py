"""What is shown while tools install."""

import io

from toolchain.progress import Progress


def test_elsewhere_than_on_a_terminal_each_line_stands_for_itself() -> None:
    seconds = iter([0.0, 1.0, 12.0, 63.0])
    output = io.StringIO()
    progress = Progress(output, live=False, clock=lambda: next(seconds))
    progress.begin("sam")
    progress.begin("dev")
    progress.remind()
    progress.end("sam", "installed")
    assert output.getvalue().splitlines() == [
        "  installing sam",
        "  installing dev",
        "  installing sam (12 s), dev (11 s)",
        "  installed sam (63 s)",
    ]


def test_on_a_terminal_one_line_is_written_over_and_results_stay() -> None:
    output = io.StringIO()
    progress = Progress(output, live=True, clock=lambda: 0.0)
    progress.begin("sam")
    progress.end("sam", "installed")
    assert output.getvalue() == "\r\x1b[2K  installing sam\r\x1b[2K  installed sam (0 s)\n"


def test_nothing_running_is_nothing_to_tell() -> None:
    output = io.StringIO()
    Progress(output, live=False).remind()
    assert output.getvalue() == ""
