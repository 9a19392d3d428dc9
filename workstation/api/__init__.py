"""The local REST interface: scripts see and do what a person sees and does, through the same commands.

`server.ApiServer` is the door for the composition root. Importing this package stays cheap: the web stack is loaded on
the server's own thread.
"""
