"""What the entrances share: taking images in, the worklist, reviews, accounts, audit."""
