"""The sections of the report, each from one or two folders of results to its blocks."""
