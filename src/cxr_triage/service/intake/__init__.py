"""Taking images in, by whichever entrance they come."""
