"""Words of the HTTP service."""

SENTENCES: dict[str, tuple[str, str]] = {
    "error.overloaded": (
        "Too many images are being read at this moment. Try again in {retry_after_s} seconds.",
        "Đang có quá nhiều phim được đọc cùng lúc. Hãy thử lại sau {retry_after_s} giây.",
    ),
    "error.stopping": (
        "The service is stopping. Try again in {retry_after_s} seconds.",
        "Dịch vụ đang dừng. Hãy thử lại sau {retry_after_s} giây.",
    ),
    "error.file_over_limit": (
        "The file is larger than {limit} MB; it was not read to its end.",
        "Tệp lớn hơn {limit} MB; tệp không được đọc hết.",
    ),
    "error.other_patient": (
        "This very picture was sent before with other patient data. Nothing was changed.",
        "Chính ảnh này đã được gửi trước đó với thông tin bệnh nhân khác. Không có gì thay đổi.",
    ),
}
