"""Words of the model commands: fetching, proving, choosing, and what can go wrong."""

SENTENCES: dict[str, tuple[str, str]] = {
    "help.model_app": (
        "List, fetch, check and choose models.",
        "Liệt kê, tải, kiểm tra và chọn mô hình.",
    ),
    "help.model_list": ("List the models.", "Liệt kê các mô hình."),
    "help.model_fetch": (
        "Fetch a published model, check it, convert it and prove it against published scores.",
        "Tải mô hình đã công bố, kiểm tra, chuyển đổi và kiểm chứng với các điểm đã công bố.",
    ),
    "help.model_info": ("Show a model's card and proof.", "Xem thẻ và kiểm chứng của mô hình."),
    "help.model_verify": (
        "Check a model's file and prove it again.",
        "Kiểm tra tệp của mô hình và kiểm chứng lại.",
    ),
    "help.model_use": (
        "Choose the model that runs when none is named.",
        "Chọn mô hình chạy khi không nêu tên.",
    ),
    "help.model_remove": ("Remove a fetched model.", "Xoá mô hình đã tải."),
    "help.model_name": ("Name of the model.", "Tên mô hình."),
    "help.from_file": (
        "The downloaded file, for a machine with no network.",
        "Tệp đã tải sẵn, dùng cho máy không có mạng.",
    ),
    "help.mirror": (
        "Address of a folder with the published files (a hospital's own server).",
        "Địa chỉ thư mục chứa các tệp đã công bố (máy chủ riêng của bệnh viện).",
    ),
    "help.reference": (
        "Folder with the reference images.",
        "Thư mục chứa các phim tham chiếu.",
    ),
    "help.sha256": (
        "SHA-256 of the file, for a model whose hash is not published.",
        "SHA-256 của tệp, dùng cho mô hình chưa công bố mã này.",
    ),
    "model.column.name": ("Model", "Mô hình"),
    "model.column.state": ("On this machine", "Trên máy này"),
    "model.column.proof": ("Published scores", "Điểm công bố"),
    "model.column.labels": ("Findings", "Số dấu hiệu"),
    "model.column.size": ("Download", "Dung lượng tải"),
    "model.default": ("runs by default", "chạy mặc định"),
    "model.state.shipped": ("ships with the software", "đi kèm phần mềm"),
    "model.state.installed": ("fetched", "đã tải"),
    "model.state.offered": ("not fetched", "chưa tải"),
    "model.megabytes": ("{size} MB", "{size} MB"),
    "model.needs_hash": ("needs --sha256", "cần --sha256"),
    "model.no_scores": ("none published", "không có"),
    "model.state": ("On this machine", "Trên máy này"),
    "model.evidence": ("Published AUC", "AUC công bố"),
    "model.sources": ("Sources", "Nguồn tải"),
    "model.checkpoint": ("Checkpoint SHA-256", "SHA-256 của tệp trọng số"),
    "model.licence": ("Licence", "Giấy phép"),
    "model.citation": ("Citation", "Trích dẫn"),
    "model.source": ("Origin", "Xuất xứ"),
    "model.proof_result": ("Proof, measured", "Kết quả kiểm chứng"),
    "model.fetching": ("Fetching", "Đang tải"),
    "model.notice.trying_again": (
        "{problem} Trying again.",
        "{problem} Đang thử lại.",
    ),
    "model.notice.next_source": (
        "{problem} Trying {host}.",
        "{problem} Đang thử {host}.",
    ),
    "model.notice.waiting": (
        "Another process is changing the models. Waiting for it.",
        "Một tiến trình khác đang thay đổi các mô hình. Đang chờ.",
    ),
    "model.notice.already_installed": (
        "{name} is already here, whole.",
        "{name} đã có sẵn và nguyên vẹn.",
    ),
    "model.notice.converting": (
        "Checked. Converting {name}.",
        "Đã kiểm tra. Đang chuyển đổi {name}.",
    ),
    "model.notice.proving": (
        "Proving {name} against its published scores.",
        "Đang kiểm chứng {name} với các điểm đã công bố.",
    ),
    "model.interrupted": (
        "Interrupted. What was fetched is kept: run the command again.",
        "Đã dừng. Phần đã tải được giữ lại: hãy chạy lại lệnh.",
    ),
    "model.installed": ("{name} is installed.", "Đã cài {name}."),
    "model.verified": (
        "The file of {name} is the one of its card.",
        "Tệp của {name} đúng như thẻ mô hình.",
    ),
    "model.proof_passed": (
        "Proven: {scores} published scores are reproduced, the largest difference is {deviation} "
        "({tolerance} is allowed).",
        "Đã kiểm chứng: tái lập được {scores} điểm đã công bố, chênh lệch lớn nhất là {deviation} "
        "(cho phép {tolerance}).",
    ),
    "model.proof_failed": (
        "NOT proven: a published score differs by {deviation} ({tolerance} is allowed). The model "
        "runs only when it is named, and says that it is unproven. Please report this.",
        "KHÔNG kiểm chứng được: có điểm công bố chênh lệch {deviation} (cho phép {tolerance}). Mô "
        "hình chỉ chạy khi được gọi tên và luôn ghi là chưa kiểm chứng. Xin báo lại.",
    ),
    "model.proof_not_tried": (
        "Not yet proven: the reference images are not here. {problem} Try "
        "`cxr-triage model verify {name}` with network, or with --reference DIR.",
        "Chưa kiểm chứng: không có phim tham chiếu. {problem} Hãy chạy "
        "`cxr-triage model verify {name}` khi có mạng, hoặc thêm --reference THƯ_MỤC.",
    ),
    "model.proof_none": (
        "No scores are published for {name}: it runs only when it is named, and says that it is "
        "unproven.",
        "{name} không có điểm công bố: chỉ chạy khi được gọi tên và luôn ghi là chưa kiểm chứng.",
    ),
    "model.runs_by_default": (
        "By default {name} runs.",
        "Mô hình chạy mặc định: {name}.",
    ),
    "model.removed": ("{name} is removed.", "Đã xoá {name}."),
    "model.use_unproven": (
        "{name} is unproven; every output will say so.",
        "{name} chưa được kiểm chứng; mọi kết quả sẽ ghi rõ điều này.",
    ),
    "unproven_model": (
        "Unproven model: its published scores were not reproduced on this machine",
        "Mô hình chưa kiểm chứng: chưa tái lập được điểm công bố trên máy này",
    ),
    "error.model_not_fetched": (
        "Model {name} is not on this machine. Fetch it: cxr-triage model fetch {name}",
        "Chưa có mô hình {name} trên máy này. Hãy tải: cxr-triage model fetch {name}",
    ),
    "error.model_not_offered": (
        "Model {name} ships with the software; there is nothing to fetch.",
        "Mô hình {name} đi kèm phần mềm; không cần tải.",
    ),
    "error.model_not_installed": (
        "Model {name} was not fetched to this machine; there is nothing to remove.",
        "Mô hình {name} chưa được tải về máy này; không có gì để xoá.",
    ),
    "error.hash_needed": (
        "Nobody has published a SHA-256 for {name}. Give the one you trust with --sha256.",
        "Chưa có SHA-256 công bố cho {name}. Hãy nêu mã mà bạn tin cậy bằng --sha256.",
    ),
    "error.hash_invalid": (
        "--sha256 takes 64 hexadecimal digits.",
        "--sha256 cần 64 chữ số thập lục phân.",
    ),
    "error.hash_differs": (
        "The SHA-256 that you gave is not the published one of {name}.",
        "Mã SHA-256 đã nêu không phải mã công bố của {name}.",
    ),
    "error.file_missing": (
        "The file {file} cannot be read ({problem}).",
        "Không đọc được tệp {file} ({problem}).",
    ),
    "error.file_not_wanted": (
        "This is not the published file {file}: its size or SHA-256 differs. It was not used. "
        "Copy or download it again.",
        "Đây không phải tệp {file} đã công bố: kích thước hoặc SHA-256 khác. Tệp không được dùng. "
        "Hãy chép hoặc tải lại.",
    ),
    "error.download_timeout": (
        "{host} did not answer in time. What was fetched is kept: run the command again.",
        "{host} không trả lời kịp. Phần đã tải được giữ lại: hãy chạy lại lệnh.",
    ),
    "error.download_no_connection": (
        "{host} cannot be reached. Check the network, or use --from FILE or --mirror URL.",
        "Không kết nối được {host}. Hãy kiểm tra mạng, hoặc dùng --from TỆP hay --mirror URL.",
    ),
    "error.download_truncated": (
        "{host} broke off before the end. What was fetched is kept: run the command again.",
        "{host} ngắt giữa chừng. Phần đã tải được giữ lại: hãy chạy lại lệnh.",
    ),
    "error.download_server_error": (
        "{host} reports a fault of its own (status {status}). Try again later.",
        "{host} đang gặp sự cố (mã {status}). Hãy thử lại sau.",
    ),
    "error.download_not_found": (
        "{host} does not have this file.",
        "{host} không có tệp này.",
    ),
    "error.download_refused": (
        "{host} refuses to give the file (status {status}).",
        "{host} từ chối cung cấp tệp (mã {status}).",
    ),
    "error.download_redirects": (
        "{host} sends from address to address without end.",
        "{host} chuyển hướng liên tục không dừng.",
    ),
    "error.download_portal": (
        "{host} answered with a web page instead of the file: a sign-in page of this network, or "
        "a filter. Sign in with a browser and try again.",
        "{host} trả về một trang web thay vì tệp: có thể là trang đăng nhập mạng hoặc bộ lọc. Hãy "
        "đăng nhập bằng trình duyệt rồi thử lại.",
    ),
    "error.download_wrong_size": (
        "{host} offers a file of another size. It was not used.",
        "{host} đưa ra tệp có kích thước khác. Tệp không được dùng.",
    ),
    "error.download_altered": (
        "The file from {host} is not the published one (SHA-256 differs). It was deleted.",
        "Tệp từ {host} không phải tệp đã công bố (SHA-256 khác). Tệp đã bị xoá.",
    ),
    "error.download_tls": (
        "The secure connection to {host} cannot be trusted. If your network has a certificate of "
        "its own, set SSL_CERT_FILE to it.",
        "Kết nối bảo mật tới {host} không đáng tin cậy. Nếu mạng của bạn có chứng chỉ riêng, hãy "
        "đặt SSL_CERT_FILE trỏ tới chứng chỉ đó.",
    ),
    "error.download_certificates": (
        "The certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read.",
        "Không đọc được chứng chỉ mà SSL_CERT_FILE hoặc SSL_CERT_DIR chỉ tới.",
    ),
    "error.download_proxy": (
        "The proxy of this network does not let the download through. Check HTTPS_PROXY.",
        "Máy chủ proxy của mạng này không cho tải. Hãy kiểm tra HTTPS_PROXY.",
    ),
    "error.download_address": (
        "The address is not one that can be fetched ({host}). It begins with https:// or http://.",
        "Địa chỉ không tải được ({host}). Địa chỉ phải bắt đầu bằng https:// hoặc http://.",
    ),
    "error.download_no_source": (
        "No source is known for {file}. Use --from FILE or --mirror URL.",
        "Không biết nguồn tải của {file}. Hãy dùng --from TỆP hoặc --mirror URL.",
    ),
    "error.disk_full": (
        "The disk is full: {needed} MB must be free. Nothing was installed.",
        "Đĩa đã đầy: cần còn trống {needed} MB. Chưa cài gì.",
    ),
    "error.data_unwritable": (
        "The data folder cannot be written ({problem}). CXR_TRIAGE_DATA_DIR names another one.",
        "Không ghi được vào thư mục dữ liệu ({problem}). Có thể đặt thư mục khác bằng "
        "CXR_TRIAGE_DATA_DIR.",
    ),
    "error.data_locked": (
        "Another process has been changing the models for a long time. Try again later.",
        "Một tiến trình khác đang thay đổi các mô hình quá lâu. Hãy thử lại sau.",
    ),
}
