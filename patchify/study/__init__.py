"""From the runs of a study to its folder of results: tables, charts and a README."""


class ResultsError(Exception):
    """Runs that can't be summarized as asked; the message says what there is and what to do."""
