"""What a person sees while networks train: lines everywhere; on a terminal bars, of one run or of a whole sweep."""

from patchify.display.lines import complain, relay, say, show_warnings_plainly

__all__ = ["complain", "relay", "say", "show_warnings_plainly"]
