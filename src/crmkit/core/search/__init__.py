"""Search over everything an actor may see, in Russian and English, by parts of numbers and across alphabets."""
