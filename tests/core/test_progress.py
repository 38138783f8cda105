"""Bars: in a notebook, on a terminal, and nowhere else."""

import errno
import io
import sys
from types import SimpleNamespace

import pytest

from textclf.core.progress import NotebookBar, TerminalBar, notebook_display, open_bar, quiet


class Shown:
    """What a cell shows, in the order of time."""

    def __init__(self):
        self.html = []

    def __call__(self, content, *, display_id):
        assert display_id
        self.update(content)
        return self

    def update(self, content):
        """Replace what is shown."""
        self.html.append(content._repr_html_())


def test_a_bar_of_a_notebook_moves_and_vanishes():
    shown = Shown()
    bar = NotebookBar("epoch 1/2 <b>", 10, 2, shown)
    bar.update(5, "loss 0.1000")
    bar.close()
    first, second, last = shown.html
    assert first == 'epoch 1/2 &lt;b&gt; <progress value="2" max="10"></progress> 2/10 '
    assert second.endswith('<progress value="5" max="10"></progress> 5/10 loss 0.1000')
    assert last == ""


@pytest.mark.parametrize(("shell", "is_notebook"), [(None, False), (SimpleNamespace(), False)])
def test_a_shell_in_a_terminal_is_no_notebook(monkeypatch, shell, is_notebook):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert bool(notebook_display()) == is_notebook


def test_the_bar_fits_the_place(monkeypatch, capsys):
    assert open_bar("title", 3) is None  # neither a notebook nor a terminal
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with quiet():
        assert open_bar("title", 3) is None
    bar = open_bar("title", 3)
    assert isinstance(bar, TerminalBar)
    bar.update(3, "loss 1")
    bar.close()


def test_a_closed_terminal_ends_nothing(monkeypatch):
    class Terminal(io.StringIO):
        is_open = True

        def isatty(self):
            return True

        def write(self, text):
            if not self.is_open:
                raise OSError(errno.EIO, "Input/output error")
            return super().write(text)

    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    bar = open_bar("texts", 3)
    Terminal.is_open = False
    bar.update(1)
    bar.close()
