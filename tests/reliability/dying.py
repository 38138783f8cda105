"""The program in a process that dies of SIGKILL: in a fit, within the writing of its state, or at a renaming.

    python tests/reliability/dying.py '{"seconds": 0.3}' train config.yaml --run mine

`seconds` after the first fit began; after so many `steps`; at the `bytes`th byte that is written of its state;
before, or `after`, the `renames`th renaming; within the writing of the `cache` of texts.
"""

import io
import json
import os
import signal
import sys
import threading
from pathlib import Path


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_moment(seconds: float) -> None:
    from textclf.training.fitting.state import SaveState

    timer = threading.Timer(seconds, die)
    begin = SaveState.on_epoch_begin

    def begin_and_wait(self, *arguments, **options):
        if not timer.is_alive():
            timer.start()
        return begin(self, *arguments, **options)

    SaveState.on_epoch_begin = begin_and_wait


def die_at_step(number: int) -> None:
    from textclf.training.fitting import loop
    from textclf.training.fitting.state import SaveState

    loop.LONGEST_CALL = 0
    done, end = 0, SaveState.on_train_batch_end

    def end_or_die(self, *arguments, **options):
        nonlocal done
        done += 1
        if done == number:
            die()
        return end(self, *arguments, **options)

    SaveState.on_train_batch_end = end_or_die


def die_in_writing(number: int) -> None:
    left = number
    opened = Path.open

    class Dying(io.BufferedWriter):
        def write(self, content):
            nonlocal left
            content = memoryview(content).cast("B")
            if len(content) > left:
                super().write(content[:left])
                self.flush()
                die()
            left -= len(content)
            return super().write(content)

    def open_dying(path, mode="r", *arguments, **options):
        if path.name.startswith(".last.npz."):
            return Dying(io.FileIO(path, "x"))
        return opened(path, mode, *arguments, **options)

    Path.open = open_dying


def die_at_renaming(number: int, after: bool = False) -> None:
    done = 0

    def counted(rename):
        def rename_or_die(*arguments, **options):
            nonlocal done
            done += 1
            if done == number and not after:
                die()
            rename(*arguments, **options)
            if done == number:
                die()

        return rename_or_die

    os.rename, os.replace = counted(os.rename), counted(os.replace)


def die_in_cache(number: int) -> None:
    from textclf.preprocessing import cache

    left, write = number, cache._write_arrays

    def write_or_die(folder, split, parts, names):
        nonlocal left
        left -= 1
        write(folder, split, parts, names)
        if left == 0:
            with (folder / f"{split}.half").open("wb") as stream:
                stream.write(b"half")
            die()

    cache._write_arrays = write_or_die


if __name__ == "__main__":
    plan, *arguments = sys.argv[1:]
    plan = json.loads(plan)
    if "seconds" in plan:
        die_at_moment(plan["seconds"])
    elif "steps" in plan:
        die_at_step(plan["steps"])
    elif "bytes" in plan:
        die_in_writing(plan["bytes"])
    elif "renames" in plan:
        die_at_renaming(plan["renames"], plan.get("after", False))
    elif "cache" in plan:
        die_in_cache(plan["cache"])
    from textclf.cli.main import main

    sys.exit(main(arguments))
