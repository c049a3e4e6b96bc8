"""Results as DICOM objects, in the film's own study, for archives and their viewers."""
