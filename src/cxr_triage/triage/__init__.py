"""May an image be scored, how urgent is it, and why: the path of one image."""
