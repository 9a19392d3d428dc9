"""The simulated exchange: one matching core behind the broker and the feed port, the product's default venue.

`venue.SimVenue` composes it in this process; `server` and `remote` put the same venue behind a socket.
"""
