"""What the entrances share: taking images in, the worklist, readings, accounts, audit."""
