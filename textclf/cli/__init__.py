"""The program `textclf`: `main` runs it, `group` lists its commands, and each command is a file.

A command file holds the options and the help, makes one call into the package, and prints what comes back. It imports
the package inside the command, so that `textclf --help` and `textclf predict` load only what they use.
"""
