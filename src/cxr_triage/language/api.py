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
    "error.request_malformed": (
        "The request is not well formed.",
        "Yêu cầu không đúng định dạng.",
    ),
    "error.request_invalid": (
        "The request has values that cannot be used; `places` says where.",
        "Yêu cầu có giá trị không dùng được; `places` cho biết ở đâu.",
    ),
    "error.form_invalid": (
        "The form cannot be read, or has more than {limit} files.",
        "Không đọc được biểu mẫu, hoặc biểu mẫu có hơn {limit} tệp.",
    ),
    "error.field_invalid": (
        "The form's field {field} cannot be used.",
        "Không dùng được trường {field} của biểu mẫu.",
    ),
    "error.no_file": (
        "The form has no file. Put each into a field `file`.",
        "Biểu mẫu không có tệp. Hãy đặt mỗi tệp vào một trường `file`.",
    ),
    "error.request_too_large": (
        "The request is larger than {limit} MB.",
        "Yêu cầu lớn hơn {limit} MB.",
    ),
    "error.request_too_slow": (
        "The request did not come in time. Try again when the network is better.",
        "Dữ liệu gửi lên quá chậm. Hãy thử lại khi mạng tốt hơn.",
    ),
    "error.media_type": (
        "Send application/dicom, image/png, image/jpeg, image/tiff or multipart/form-data.",
        "Hãy gửi application/dicom, image/png, image/jpeg, image/tiff hoặc multipart/form-data.",
    ),
    "error.no_such_page": (
        "There is nothing at this address.",
        "Không có gì ở địa chỉ này.",
    ),
    "error.method_not_allowed": (
        "This address does not do that.",
        "Địa chỉ này không hỗ trợ thao tác đó.",
    ),
    "error.no_heatmap": (
        "This result has no such heatmap.",
        "Kết quả này không có bản đồ nhiệt như vậy.",
    ),
    "error.listening_openly": (
        "The service would be reached from other machines without encryption. Set "
        "CXR_TRIAGE_TLS_CERTIFICATE and CXR_TRIAGE_TLS_KEY, or CXR_TRIAGE_TRUSTED_PROXIES "
        "behind a proxy that encrypts.",
        "Máy khác sẽ truy cập dịch vụ mà không được mã hoá. Hãy đặt CXR_TRIAGE_TLS_CERTIFICATE "
        "và CXR_TRIAGE_TLS_KEY, hoặc CXR_TRIAGE_TRUSTED_PROXIES nếu đứng sau proxy có mã hoá.",
    ),
    "error.demo_openly": (
        "The demo has known passwords and listens on this machine alone (127.0.0.1).",
        "Bản dùng thử có mật khẩu ai cũng biết nên chỉ mở trên chính máy này (127.0.0.1).",
    ),
    "error.no_administrator": (
        "There is no administrator yet. Make one: cxr-triage admin create-user NAME "
        "--role administrator",
        "Chưa có quản trị viên. Hãy tạo: cxr-triage admin create-user NAME --role administrator",
    ),
    "problem.400": ("The request is not right", "Yêu cầu không hợp lệ"),
    "problem.401": ("Not signed in", "Chưa đăng nhập"),
    "problem.403": ("Not allowed", "Không được phép"),
    "problem.404": ("Not found", "Không tìm thấy"),
    "problem.405": ("Not possible here", "Không hỗ trợ"),
    "problem.408": ("Too slow", "Quá chậm"),
    "problem.409": ("It contradicts what is kept", "Mâu thuẫn với dữ liệu đã lưu"),
    "problem.413": ("Too large", "Quá lớn"),
    "problem.415": ("Not a kind that is read here", "Không phải loại tệp được hỗ trợ"),
    "problem.422": ("It cannot be used", "Không dùng được"),
    "problem.429": ("Too many attempts", "Thử quá nhiều lần"),
    "problem.500": ("A fault of the service", "Lỗi của dịch vụ"),
    "problem.503": ("Not possible at this moment", "Hiện chưa thực hiện được"),
    "problem.507": ("No room", "Hết chỗ lưu"),
    "error.cannot_listen": (
        "The service cannot listen on port {port} ({problem}).",
        "Dịch vụ không mở được cổng {port} ({problem}).",
    ),
    "error.demo_store_in_use": (
        "The demo wants a store of its own; this one has other accounts.",
        "Bản dùng thử cần kho lưu trữ riêng; kho này đã có tài khoản khác.",
    ),
    "help.serve": (
        "Serve uploads, results and pictures over HTTP.",
        "Chạy dịch vụ HTTP: nhận phim, trả kết quả và hình ảnh.",
    ),
    "help.host": (
        "Address to listen on; others than this machine's own need TLS or a trusted proxy.",
        "Địa chỉ lắng nghe; nếu mở cho máy khác thì cần TLS hoặc proxy tin cậy.",
    ),
    "help.port": (
        "Port to listen on (0: any that is free).",
        "Cổng lắng nghe (0: cổng trống bất kỳ).",
    ),
    "help.processes": (
        "Processes that read and score (0: as many as CPUs).",
        "Số tiến trình đọc và chấm điểm (0: bằng số CPU).",
    ),
    "help.demo": (
        "Make demo accounts, show their passwords, load demo films; this machine alone.",
        "Tạo tài khoản dùng thử, hiện mật khẩu, nạp phim mẫu; chỉ trên máy này.",
    ),
    "serve.address": (
        "Listening on {address} (Ctrl+C ends it)",
        "Đang chạy tại {address} (Ctrl+C để dừng)",
    ),
    "serve.demo_account": (
        "  Demo account: {name}, password {password}",
        "  Tài khoản dùng thử: {name}, mật khẩu {password}",
    ),
    "serve.demo_key": ("  Demo station's key: {key}", "  Khoá của trạm dùng thử: {key}"),
}
