"""Open chest X-ray triage: a radiograph in, ranked findings and heatmaps out."""

__version__ = "0.1.0"
