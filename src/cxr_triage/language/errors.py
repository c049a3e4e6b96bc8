"""What went wrong and what to do next, by error code."""

SENTENCES: dict[str, tuple[str, str]] = {
    "error.not_an_image": (
        "Not an image: neither DICOM, PNG, JPEG nor TIFF.",
        "Không phải ảnh: không phải DICOM, PNG, JPEG hay TIFF.",
    ),
    "error.empty_file": (
        "The file is empty. Copy or export it again.",
        "Tệp rỗng. Hãy chép hoặc xuất lại tệp.",
    ),
    "error.missing_extra": (
        "{package} is not installed. This needs: pip install 'cxr-triage[{extra}]'",
        "Chưa cài {package}. Cần chạy: pip install 'cxr-triage[{extra}]'",
    ),
}
