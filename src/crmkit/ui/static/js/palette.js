// palette: see the room of that name.
