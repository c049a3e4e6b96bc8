"""Words of the command line."""

SENTENCES: dict[str, tuple[str, str]] = {
    "help.app": (
        "Open chest X-ray triage. For prioritisation only, not for diagnosis.",
        "Xếp thứ tự ưu tiên phim X-quang ngực, mã nguồn mở. Không dùng để chẩn đoán.",
    ),
    "help.score": (
        "Score radiographs (files or folders) and rank them by urgency.",
        "Chấm điểm phim X-quang (tệp hoặc thư mục) và xếp theo mức khẩn cấp.",
    ),
    "help.gate": (
        "Show what the gate sees in each image (to try a new X-ray machine). Nothing is scored.",
        "Xem phần kiểm tra phim nhận thấy gì ở từng ảnh (khi đưa máy X-quang mới vào dùng). "
        "Không chấm điểm.",
    ),
    "help.info": (
        "Show version, model, intended use and threads.",
        "Xem phiên bản, mô hình, mục đích sử dụng và số luồng.",
    ),
    "help.paths": (
        "Files and folders; folders are read with everything below them.",
        "Tệp và thư mục; thư mục được đọc cùng mọi thư mục con.",
    ),
    "help.out": (
        "Folder for results.jsonl, report.html and heatmaps/.",
        "Thư mục chứa results.jsonl, report.html và heatmaps/.",
    ),
    "help.model": ("Model: a name or a folder.", "Mô hình: tên hoặc thư mục."),
    "help.policy": (
        "Policy (tiers, gate, site thresholds): default, research, or a file.",
        "Chính sách (mức ưu tiên, điều kiện nhận phim, ngưỡng của cơ sở): default, research "
        "hoặc một tệp.",
    ),
    "help.heatmaps": (
        "Heatmaps for this many flagged findings of each image.",
        "Số dấu hiệu được cảnh báo có bản đồ nhiệt trên mỗi phim.",
    ),
    "help.no_report": ("Write no report.html.", "Không ghi report.html."),
    "help.workers": (
        "Images read at the same time (0: as many as CPUs).",
        "Số phim đọc cùng lúc (0: bằng số CPU).",
    ),
    "help.threads": (
        "Threads for the model (0: the CPUs that may be used).",
        "Số luồng cho mô hình (0: số CPU được phép dùng).",
    ),
    "help.lang": ("Language: en or vi.", "Ngôn ngữ: en hoặc vi."),
    "help.csv": ("Also write results.csv.", "Ghi thêm results.csv."),
    "help.json": (
        "Print one JSON line for each file instead of the table.",
        "In mỗi tệp một dòng JSON thay cho bảng.",
    ),
    "help.quiet": ("No progress, no table.", "Không hiện tiến độ và bảng."),
    "help.evaluate": (
        "Measure results against true labels.",
        "Đo độ chính xác của kết quả so với nhãn đúng.",
    ),
    "help.evaluate.results": (
        "Folder that score wrote, or its results.jsonl.",
        "Thư mục kết quả của lệnh score, hoặc tệp results.jsonl trong đó.",
    ),
    "help.evaluate.labels": (
        "CSV with image and findings (A|B); patient, view, age, sex, split and boxes if known.",
        "CSV có cột image và findings (A|B); thêm patient, view, age, sex, split và các ô nếu có.",
    ),
    "help.evaluate.out": (
        "Folder for evaluation.json and evaluation.html.",
        "Thư mục chứa evaluation.json và evaluation.html.",
    ),
    "help.evaluate.split": (
        "Only films of this split; may be given several times.",
        "Chỉ lấy phim thuộc tập này; có thể dùng nhiều lần.",
    ),
    "help.evaluate.thresholds_from": (
        "Measure the thresholds that another evaluation.json chose.",
        "Đo các ngưỡng do một evaluation.json khác đã chọn.",
    ),
    "help.evaluate.sensitivity": (
        "Sensitivity for which thresholds are chosen.",
        "Độ nhạy mong muốn khi chọn ngưỡng.",
    ),
    "help.evaluate.images": (
        "Folder with the films, if they are no longer where they were scored.",
        "Thư mục chứa phim, nếu phim không còn ở chỗ cũ.",
    ),
    "help.evaluate.no_maps": (
        "Do not compare maps with radiologists' boxes.",
        "Không so bản đồ nhiệt với các ô do bác sĩ vẽ.",
    ),
    "help.evaluate.resamples": (
        "Resamples for the intervals.",
        "Số lần lấy mẫu lại để tính khoảng tin cậy.",
    ),
    "help.evaluate.seed": ("Seed of the resampling.", "Hạt giống ngẫu nhiên khi lấy mẫu lại."),
    "command.no_such_path": (
        "There is no file or folder {path}.",
        "Không có tệp hay thư mục {path}.",
    ),
    "command.csv_needs_out": ("--csv needs --out.", "--csv cần có --out."),
    "command.no_files": ("No files found.", "Không tìm thấy tệp nào."),
    "command.unexpected": (
        "An unexpected fault ({kind}). What was written is kept. To keep the details for a "
        "report, set CXR_TRIAGE_LOG_FILE to a file and run again.",
        "Lỗi không lường trước ({kind}). Những gì đã ghi vẫn còn. Để lưu chi tiết khi báo lỗi, "
        "hãy đặt CXR_TRIAGE_LOG_FILE là một tệp rồi chạy lại.",
    ),
    "command.interrupted": (
        "Interrupted after {done} of {total} files; what is done is kept.",
        "Đã dừng sau {done}/{total} tệp; phần đã xong vẫn được giữ.",
    ),
    "command.progress": (
        "{done} of {total} files, {rate} per second, about {left} s left",
        "{done}/{total} tệp, {rate} tệp mỗi giây, còn khoảng {left} giây",
    ),
    "command.reading": ("Reading", "Đang đọc"),
    "command.outcomes": (
        "{assessed} assessed, {referred} referred, {failed} failed, {skipped} skipped "
        "(not images), in {seconds} s",
        "{assessed} đã đánh giá, {referred} cần bác sĩ đọc, {failed} lỗi, {skipped} bỏ qua "
        "(không phải ảnh), trong {seconds} giây",
    ),
    "command.more_rows": ("… and {count} more", "… và {count} dòng nữa"),
    "command.report_at": ("Report: {path}", "Báo cáo: {path}"),
    "command.results_at": ("Results: {path}", "Kết quả: {path}"),
    "command.model_line": ("Model: {name} {version}", "Mô hình: {name} {version}"),
    "column.priority": ("Priority", "Ưu tiên"),
    "column.file": ("File", "Tệp"),
    "column.findings": (
        "Leading findings (score, ! strongly suspected)",
        "Dấu hiệu chính (điểm, ! nghi ngờ cao)",
    ),
    "column.reason": ("Why", "Lý do"),
    "column.verdict": ("Verdict", "Kết luận"),
    "column.chest": ("Chest", "Ngực thẳng"),
    "column.way": ("Way up", "Chiều phim"),
    "column.polarity": ("Polarity", "Sáng tối"),
    "column.mirrored": ("Mirrored", "Lật trái–phải"),
    "column.field": ("Field", "Phạm vi"),
    "gate.accept": ("accepted", "nhận"),
    "gate.refer": ("refused", "từ chối"),
    "gate.way_0": ("upright", "đúng chiều"),
    "gate.way_1": ("to the left", "xoay trái"),
    "gate.way_2": ("upside down", "lộn ngược"),
    "gate.way_3": ("to the right", "xoay phải"),
    "gate.normal": ("normal", "đúng"),
    "gate.inverted": ("inverted", "đảo"),
    "gate.field_0": ("whole", "đủ"),
    "gate.field_1": ("cut off", "thiếu"),
    "gate.field_2": ("tiny", "nhỏ"),
    "gate.not_looked_at": ("not decoded", "không giải mã"),
    "gate.key": (
        "Numbers are the network's certainty, 0 to 1. Limits: policy {policy}, network {gate}.",
        "Con số là độ chắc chắn của mạng, từ 0 đến 1. Giới hạn: chính sách {policy}, mạng {gate}.",
    ),
    "gate.outcomes": (
        "{assessed} accepted, {referred} refused, {failed} failed, {skipped} skipped",
        "{assessed} nhận, {referred} từ chối, {failed} lỗi, {skipped} bỏ qua",
    ),
    "outcome.failed": ("Failed", "Lỗi"),
    "info.version": ("Version", "Phiên bản"),
    "info.model": ("Model", "Mô hình"),
    "info.gate": ("Gate", "Kiểm tra phim"),
    "info.sha256": ("SHA-256", "SHA-256"),
    "info.proof": ("Proof", "Kiểm chứng"),
    "info.intended_use": ("Intended use", "Mục đích sử dụng"),
    "info.limits": ("Known limits", "Giới hạn đã biết"),
    "info.labels": ("Findings", "Dấu hiệu"),
    "info.policy": ("Policy", "Chính sách"),
    "info.fingerprint": ("Fingerprint", "Dấu vân tay cấu hình"),
    "info.threads": ("Threads", "Số luồng"),
    "info.runtime": ("Runtime", "Bộ chạy mô hình"),
    "proof.proven": (
        "Proven: its published scores are reproduced here",
        "Đã kiểm chứng: tái lập được các điểm đã công bố",
    ),
    "proof.unproven": (
        "Unproven: no published scores were reproduced",
        "Chưa kiểm chứng: chưa tái lập điểm đã công bố",
    ),
    "proof.demonstration": (
        "Demonstration model: not for clinical use",
        "Mô hình minh hoạ: không dùng trong lâm sàng",
    ),
    "priority_word.critical": ("Critical", "Khẩn cấp"),
    "priority_word.urgent": ("Urgent", "Cần đọc sớm"),
    "priority_word.not_assessed": ("Not assessed", "Không đánh giá"),
    "priority_word.routine": ("Routine", "Thường quy"),
    "priority_word.none": ("None flagged", "Không cảnh báo"),
}
