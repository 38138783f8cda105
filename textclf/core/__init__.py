"""The package that all others import: errors, settings, files, run folders, signals, text columns and memory maps.

Nothing here knows of texts to classify, networks or configs, and nothing imports another package of textclf. Modules
import only what a prediction from the shell needs anyway.
"""
