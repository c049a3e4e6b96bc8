"""The DICOM network: X-ray machines and archives send to us (C-STORE)."""
