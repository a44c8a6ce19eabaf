"""The report of all studies: a PDF and a page of HTML, from the folders of results alone."""


class ReportError(Exception):
    """Results that can't be shown, or a document that can't be set; the message names the file and the remedy."""
