"""Routes: one module a group of resources. A handler says what happens in a call that has passed every check."""
