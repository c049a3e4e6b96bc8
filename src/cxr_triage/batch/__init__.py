"""Folders of images of any size: one row for every file, whatever happened to it."""
