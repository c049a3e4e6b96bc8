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
}
