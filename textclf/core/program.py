"""A flag that tells the program `textclf` from a process of a user who imports the package.

The program may do what a library must not: hide packages from Keras while it is imported, for example.
"""

started = False  # `cli.main` sets it
