"""Replay: recorded market data played as if it were live, at any speed.

`detect.open_source` finds the decoder of a file, `feed.ReplayFeed` plays it behind the feed port. Reads files lazily;
needs no account, reaches no venue.
"""
