// lists: see the room of that name.
