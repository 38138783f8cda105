"""Search for the best settings: trials, each a training in a process of its own, kept in a record of our own.

`trials.jsonl` in the run folder has one line for every trial that ended, and decides everything that follows: a search
that was killed goes on from it and ends with the same trials as one that was not.
"""
