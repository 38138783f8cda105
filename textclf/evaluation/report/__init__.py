"""The HTML report: `report` collects the sections, `blocks` are what they consist of, `render` makes one file of them.

Blocks are plain data. `assets/` draws them in the browser; the file needs no network.
"""
