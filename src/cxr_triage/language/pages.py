"""Words on reports and pages."""

SENTENCES: dict[str, tuple[str, str]] = {
    "priority.critical": ("Critical", "Khẩn cấp"),
    "priority.urgent": ("Urgent", "Cần đọc sớm"),
    "priority.not_assessed": (
        "Not assessed by AI: a doctor must read it",
        "AI không đánh giá được: cần bác sĩ đọc phim",
    ),
    "priority.routine": ("Routine", "Thường quy"),
    "priority.none": (
        "No finding flagged (does not exclude disease)",
        "AI không cảnh báo dấu hiệu nào (không loại trừ bệnh)",
    ),
    "priority_reason.likely": (
        "{finding} strongly suspected: score {score}",
        "{finding}: nghi ngờ cao, điểm {score}",
    ),
    "priority_reason.possible": (
        "{finding} suspected: score {score}, threshold {threshold}",
        "{finding}: nghi ngờ, điểm {score}, ngưỡng {threshold}",
    ),
    "priority_reason.none_flagged": (
        "No score reached its threshold; this does not exclude disease",
        "Không điểm nào đạt ngưỡng; điều này không loại trừ bệnh",
    ),
    "level.likely": ("Strongly suspected", "Nghi ngờ cao"),
    "level.possible": ("Suspected", "Nghi ngờ"),
    "level.none": ("Not flagged", "Không cảnh báo"),
    "intended_use": (
        "For prioritisation only, not for diagnosis",
        "Chỉ để xếp thứ tự ưu tiên, không dùng để chẩn đoán",
    ),
    "demonstration_model": (
        "Demonstration model: not for clinical use",
        "Mô hình minh hoạ: không dùng trong lâm sàng",
    ),
    "for_research": (
        "For research only: these results must not be used for patients",
        "Chỉ dùng cho nghiên cứu: không dùng kết quả này cho người bệnh",
    ),
    "heatmap.title": ("Heatmap (what moved the score)", "Bản đồ nhiệt (vùng ảnh hưởng đến điểm)"),
    "heatmap.score": (
        "Score {score} / threshold {threshold}",
        "Điểm {score} / ngưỡng {threshold}",
    ),
    "heatmap.unit": (
        "log-odds over the threshold, at each place",
        "log-odds so với ngưỡng, tại từng vị trí",
    ),
    "heatmap.peak": ("peak {peak}", "đỉnh {peak}"),
    "heatmap.shared_scale": (
        "Same colours for every finding of this film; quiet places are left clear.",
        "Cùng thang màu cho mọi dấu hiệu của phim này; vùng ít ảnh hưởng không tô màu.",
    ),
    "heatmap.blank": (
        "Not flagged, and no place stands out: nothing is drawn.",
        "Không cảnh báo và không vùng nào nổi trội: không tô màu.",
    ),
    "heatmap.not_flagged": (
        "Not flagged: the map shows where the score came nearest to its threshold.",
        "Không cảnh báo: bản đồ cho thấy vùng đưa điểm đến gần ngưỡng nhất.",
    ),
    "heatmap.outside": (
        "Hatched: outside the square, not seen by the model.",
        "Vùng gạch chéo: ngoài khung vuông, mô hình không nhìn thấy.",
    ),
    "heatmap.not_an_outline": (
        "A separate output from the priority. It does not outline disease, least of all small "
        "lesions.",
        "Kết quả này tách riêng với mức ưu tiên. Bản đồ không khoanh vùng tổn thương, nhất là "
        "tổn thương nhỏ.",
    ),
    "report.title": ("Chest radiograph triage", "Phân loại ưu tiên phim X-quang ngực"),
    "report.day": ("%Y-%m-%d", "%d/%m/%Y"),
    "report.time": ("%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M"),
    "report.created": ("Made {when}", "Lập lúc {when}"),
    "report.model": ("Model {name} {version}", "Mô hình {name} {version}"),
    "report.summary": ("Studies by priority", "Số ca chụp theo mức ưu tiên"),
    "report.files": (
        "Studies {studies} · films {films} · failed files {failed} · skipped {skipped}",
        "{studies} ca chụp · {films} phim · {failed} tệp lỗi · {skipped} tệp bỏ qua",
    ),
    "report.short.not_assessed": ("Not assessed by AI", "AI không đánh giá được"),
    "report.short.none": ("No finding flagged", "AI không cảnh báo"),
    "report.film": ("Film {index} of {count}", "Phim {index}/{count}"),
    "report.priority": ("Priority", "Mức ưu tiên"),
    "report.file": ("File", "Tệp"),
    "report.accession": ("Accession number", "Số phiếu chụp"),
    "report.acquired": ("Acquired", "Thời điểm chụp"),
    "report.age": ("Age", "Tuổi"),
    "report.years": ("{age} years", "{age} tuổi"),
    "report.sex": ("Sex", "Giới tính"),
    "report.sex.F": ("Female", "Nữ"),
    "report.sex.M": ("Male", "Nam"),
    "report.sex.O": ("Other", "Khác"),
    "report.view": ("View", "Tư thế"),
    "report.view.PA": ("Frontal, PA", "Thẳng, sau–trước (PA)"),
    "report.view.AP": ("Frontal, AP", "Thẳng, trước–sau (AP)"),
    "report.image": ("Chest radiograph", "Phim X-quang ngực"),
    "report.image_plain": ("without overlay", "không chồng màu"),
    "report.image_refused": ("not assessed", "không đánh giá"),
    "report.finding": ("Finding", "Dấu hiệu"),
    "report.score_threshold": ("Score / threshold", "Điểm / ngưỡng"),
    "report.level": ("Level", "Mức độ"),
    "report.evidence": ("Published evidence", "Bằng chứng công bố"),
    "report.no_evidence": ("none published", "chưa có công bố"),
    "report.rest": ("Not flagged: {count} findings", "Không cảnh báo: {count} dấu hiệu"),
    "report.bar": (
        "Score {score} on a scale from 0 to 1, threshold {threshold}",
        "Điểm {score} trên thang từ 0 đến 1, ngưỡng {threshold}",
    ),
    "report.bar_key": (
        "Bar: score from 0 to 1. Dark tick: threshold. Light tick: strongly suspected. "
        "A score is not a probability.",
        "Thanh: điểm từ 0 đến 1. Vạch đậm: ngưỡng. Vạch nhạt: ngưỡng nghi ngờ cao. "
        "Điểm không phải là xác suất.",
    ),
    "report.bar_key_no_likely": (
        "Bar: score from 0 to 1. Tick: threshold. A score is not a probability.",
        "Thanh: điểm từ 0 đến 1. Vạch: ngưỡng. Điểm không phải là xác suất.",
    ),
    "report.auc_key": (
        "AUC: how often a film with the finding scores above one without it "
        "(0.5 is chance, 1 is always). It may be lower with your patients.",
        "AUC: tần suất phim có dấu hiệu được điểm cao hơn phim không có "
        "(0,5 là ngẫu nhiên, 1 là luôn đúng). Có thể thấp hơn trên bệnh nhân tại cơ sở.",
    ),
    "report.likely.ppv80": (
        "Strongly suspected: from the score at which published data reach a positive predictive "
        "value of 0.8.",
        "Nghi ngờ cao: từ mức điểm mà dữ liệu công bố đạt giá trị dự báo dương 0,8.",
    ),
    "report.likely.specificity95": (
        "Strongly suspected: from the score at which specificity on the validation films "
        "reaches 0.95.",
        "Nghi ngờ cao: từ mức điểm mà độ đặc hiệu trên tập kiểm định đạt 0,95.",
    ),
    "report.warnings": ("Please note", "Lưu ý"),
    "report.pixels": ("Pixels", "Điểm ảnh"),
    "pixels.modality.none": ("stored values as they are", "giữ nguyên giá trị lưu"),
    "pixels.modality.rescale": ("rescale slope and intercept", "hệ số rescale (slope, intercept)"),
    "pixels.modality.lut": ("modality LUT", "bảng Modality LUT"),
    "pixels.voi.none": ("no display window", "không dùng cửa sổ hiển thị"),
    "pixels.voi.lut": ("VOI LUT", "bảng VOI LUT"),
    "pixels.voi.linear": ("window, linear", "cửa sổ tuyến tính"),
    "pixels.voi.linear_exact": ("window, linear exact", "cửa sổ tuyến tính (LINEAR_EXACT)"),
    "pixels.voi.sigmoid": ("window, sigmoid", "cửa sổ sigmoid"),
    "pixels.voi.span": (
        "no display window: stretched to the range in use",
        "không có cửa sổ hiển thị: giãn theo khoảng giá trị đang dùng",
    ),
    "pixels.window": ("centre {centre}, width {width}", "tâm {centre}, độ rộng {width}"),
    "pixels.range": ("{dark} is black, {bright} is white", "{dark} là đen, {bright} là trắng"),
    "pixels.inverted": ("inverted", "đảo sáng tối"),
    "pixels.padded": ("padding: {share} of the image", "vùng đệm: {share} ảnh"),
    "pixels.clipped": ("cut off by the window: {share}", "bị cửa sổ cắt: {share}"),
    "pixels.resampled": ("made square-pixelled", "chuyển về điểm ảnh vuông"),
    "report.unread": ("Files without a result", "Các tệp không có kết quả"),
    "report.failed": ("Failed", "Lỗi"),
    "report.skipped": ("Skipped: not an image", "Bỏ qua: không phải ảnh"),
    "report.why": ("What happened", "Nguyên nhân"),
    "report.about": ("Model and thresholds", "Mô hình và ngưỡng"),
    "report.limits": ("Limits", "Giới hạn"),
    "report.operating_points": (
        "Operating points (raw probability at score 0.5)",
        "Điểm cắt (xác suất thô ứng với điểm 0,5)",
    ),
    "report.policy": ("Policy", "Chính sách"),
    "report.fingerprint": ("Fingerprint", "Mã nhận dạng phiên bản"),
    "report.source": ("Source", "Nguồn"),
    "report.citation": ("Citation", "Trích dẫn"),
    "report.licence": ("Licence", "Giấy phép"),
    "report.precision": ("Precision", "Độ chính xác số học"),
    "report.proof": ("Published scores", "Điểm công bố"),
    "report.proof.proven": ("reproduced", "đã tái lập được"),
    "report.proof.unproven": ("not yet reproduced", "chưa tái lập được"),
    "report.proof.demonstration": (
        "none: demonstration model",
        "không có: mô hình minh hoạ",
    ),
    "report.overview": ("Worklist", "Danh sách đọc phim"),
    "report.empty": (
        "No film could be read. The reasons are below.",
        "Không đọc được phim nào. Nguyên nhân ở bên dưới.",
    ),
}
