// pick: see the room of that name.
