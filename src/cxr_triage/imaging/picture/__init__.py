"""Pictures: exports of radiographs as PNG, JPEG, TIFF and the like."""
