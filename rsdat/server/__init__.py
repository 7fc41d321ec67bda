"""HTTP in front of the other rooms: a request becomes one call, its result or error an answer."""
