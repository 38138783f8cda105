"""Signals: the first one lets the program stop at a good moment, and what is ignored stays ignored."""

import os
import signal

import pytest

from textclf.core.signals import Interrupted, deferred_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_is_deferred(number):
    before = signal.getsignal(number)
    with deferred_signals() as request:
        os.kill(os.getpid(), number)
        with pytest.raises(Interrupted) as caught:
            request.raise_if_requested()
    assert caught.value.exit_code == 128 + number
    assert signal.getsignal(number) == before


def test_below_nohup_a_closed_terminal_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with deferred_signals():
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
