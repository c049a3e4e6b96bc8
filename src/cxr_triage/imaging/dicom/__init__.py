"""DICOM objects: from bytes to header and stored pixel data."""
