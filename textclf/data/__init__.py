"""Files of labelled texts -> a `Dataset` for each split, and its labels -> the numbers of `Targets`.

`readers` has a module for each file format, and `sniffing` detects how a file is written. `loading` reads the splits of
a config, and `checks` finds problems in them. Nothing here knows of a network.
"""
