"""The figures of a report, one file each: `draw` makes it, `files` turns it into bytes."""
