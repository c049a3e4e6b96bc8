"""What the store, accounts, worklist and readings say when something is not right."""

SENTENCES: dict[str, tuple[str, str]] = {
    "station.local": ("This hospital", "Tại bệnh viện"),
    "error.store_full": (
        "The disk takes no more (full, over its quota or failing): nothing was kept. Make room, "
        "then send it again.",
        "Đĩa không ghi thêm được (đầy, vượt hạn mức hoặc bị lỗi): chưa lưu được gì. Hãy giải "
        "phóng dung lượng rồi gửi lại.",
    ),
    "error.store_read_only": (
        "The store cannot be written (read-only or without permission): nothing was kept.",
        "Không ghi được vào kho lưu trữ (chỉ đọc hoặc thiếu quyền): chưa lưu được gì.",
    ),
    "error.store_busy": (
        "The store is busy. Try again in a moment.",
        "Kho lưu trữ đang bận. Hãy thử lại sau giây lát.",
    ),
    "error.store_unavailable": (
        "The store cannot be reached ({problem}).",
        "Không truy cập được kho lưu trữ ({problem}).",
    ),
    "error.store_damaged": (
        "The store's database is damaged. Restore a backup.",
        "Cơ sở dữ liệu của kho lưu trữ bị hỏng. Hãy khôi phục từ bản sao lưu.",
    ),
    "error.store_not_ours": (
        "The file in the place of the store's database is something else.",
        "Tệp ở vị trí cơ sở dữ liệu của kho lưu trữ không phải là cơ sở dữ liệu của chương trình.",
    ),
    "error.store_newer": (
        "The store was made by a newer version. Install that version.",
        "Kho lưu trữ do phiên bản mới hơn tạo ra. Hãy cài phiên bản đó.",
    ),
    "error.store_url": (
        "The store's address is not of the form sqlite:////folder/store.sqlite3.",
        "Địa chỉ kho lưu trữ không có dạng sqlite:////thư-mục/store.sqlite3.",
    ),
    "error.store_serving": (
        "The service is running on this store. Stop it first.",
        "Dịch vụ đang chạy trên kho lưu trữ này. Hãy dừng dịch vụ trước.",
    ),
    "error.blob_missing": (
        "The image's file is missing from the store. Send it again, or restore a backup.",
        "Tệp ảnh không còn trong kho lưu trữ. Hãy gửi lại, hoặc khôi phục từ bản sao lưu.",
    ),
    "error.blob_damaged": (
        "The image's file in the store is damaged. Restore a backup.",
        "Tệp ảnh trong kho lưu trữ bị hỏng. Hãy khôi phục từ bản sao lưu.",
    ),
    "error.assessment_not_found": ("There is no such result.", "Không có kết quả này."),
    "error.study_not_found": ("There is no such study.", "Không có ca chụp này."),
    "error.station_not_found": ("There is no such station.", "Không có trạm này."),
    "error.key_not_found": ("There is no such key.", "Không có khoá này."),
    "error.person_not_found": ("There is no such user.", "Không có người dùng này."),
    "error.other_pixels": (
        "An image with this SOP Instance UID but other pixels is kept already. Neither was "
        "changed; ask whoever made the image for one with a UID of its own.",
        "Đã lưu một ảnh có cùng SOP Instance UID nhưng khác điểm ảnh. Ảnh đã lưu không thay đổi; "
        "hãy đề nghị nơi chụp xuất lại ảnh với UID riêng.",
    ),
    "error.review_changed": (
        "Somebody else saved this reading meanwhile. Load it again before saving yours.",
        "Trong lúc đó người khác đã lưu bản đọc phim này. Hãy tải lại trước khi lưu.",
    ),
    "error.review_signed": (
        "This reading is signed and does not change. Write an addendum.",
        "Bản đọc phim này đã ký nên không sửa được. Hãy viết bổ sung.",
    ),
    "error.review_not_saved": (
        "There is no reading to sign yet. Save it first.",
        "Chưa có bản đọc phim để ký. Hãy lưu trước.",
    ),
    "error.review_not_signed": (
        "Only a signed reading has addenda. Change the reading itself.",
        "Chỉ bản đọc phim đã ký mới có phần bổ sung. Hãy sửa trực tiếp bản đọc phim.",
    ),
    "error.verdict_without_finding": (
        "The reading judges a finding that this result does not have.",
        "Bản đọc phim nhận xét một dấu hiệu không có trong kết quả này.",
    ),
    "error.unknown_finding": (
        "The reading names a finding that is not known here.",
        "Bản đọc phim nêu một dấu hiệu không có trong danh mục.",
    ),
    "error.missed_was_flagged": (
        "A finding is called missed that this result flags.",
        "Có dấu hiệu ghi là bị bỏ sót nhưng kết quả này đã cảnh báo.",
    ),
    "error.unknown_verdict": (
        "A verdict is agree, disagree or unsure.",
        "Ý kiến phải là đồng ý, không đồng ý hoặc chưa chắc.",
    ),
    "error.text_too_long": (
        "A note or an impression has at most {most} characters.",
        "Ghi chú hoặc kết luận có tối đa {most} ký tự.",
    ),
    "error.name_taken": ("That name is taken already.", "Tên này đã được dùng."),
    "error.name_invalid": (
        "A name has 2 to 32 characters of a–z, 0–9, dot, dash and underscore.",
        "Tên gồm 2 đến 32 ký tự a–z, 0–9, dấu chấm, gạch ngang và gạch dưới.",
    ),
    "error.full_name_invalid": (
        "A shown name is one line of at most {most} characters.",
        "Tên hiển thị là một dòng tối đa {most} ký tự.",
    ),
    "error.role_unknown": (
        "There is no such role. Known: {known}.",
        "Không có vai trò này. Các vai trò: {known}.",
    ),
    "error.station_needed": (
        "Station staff need a station.",
        "Nhân viên trạm y tế phải thuộc một trạm.",
    ),
    "error.password_short": (
        "A password has at least {least} characters.",
        "Mật khẩu có ít nhất {least} ký tự.",
    ),
    "error.password_long": (
        "A password has at most {most} characters.",
        "Mật khẩu có tối đa {most} ký tự.",
    ),
    "error.password_simple": (
        "This password is too easy to guess. Take several words that do not belong together.",
        "Mật khẩu này quá dễ đoán. Hãy ghép vài từ không liên quan với nhau.",
    ),
    "error.key_invalid": (
        "The API key is unknown, expired or revoked. Ask the administrator for a new one.",
        "Khoá API không đúng, đã hết hạn hoặc đã bị thu hồi. Hãy xin quản trị viên khoá mới.",
    ),
    "error.sign_in_failed": (
        "The name or the password is not right.",
        "Tên đăng nhập hoặc mật khẩu không đúng.",
    ),
    "error.session_ended": (
        "You are not signed in, or were away for too long. Sign in again.",
        "Bạn chưa đăng nhập hoặc đã hết phiên. Hãy đăng nhập lại.",
    ),
    "error.too_many_attempts": (
        "Too many failed sign-ins. Try again in {retry_after_s} seconds.",
        "Đăng nhập sai quá nhiều lần. Hãy thử lại sau {retry_after_s} giây.",
    ),
    "error.not_allowed": (
        "Your account may not do this. Ask the administrator.",
        "Tài khoản của bạn không được làm việc này. Hãy hỏi quản trị viên.",
    ),
    "error.csrf": (
        "The page is out of date. Load it again, then repeat.",
        "Trang này đã cũ. Hãy tải lại trang rồi làm lại.",
    ),
    "error.cursor_invalid": (
        "This is not a cursor that the worklist gave.",
        "Đây không phải con trỏ trang do danh sách đọc phim cấp.",
    ),
    "error.limit_invalid": (
        "A page has 1 to {most} rows.",
        "Mỗi trang có từ 1 đến {most} dòng.",
    ),
}
