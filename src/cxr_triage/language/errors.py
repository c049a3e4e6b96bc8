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
    "error.card_missing": (
        "The model folder has no readable card.json.",
        "Thư mục mô hình không có card.json đọc được.",
    ),
    "error.card_invalid": (
        "The model's card.json is not valid ({field}).",
        "Tệp card.json của mô hình không hợp lệ ({field}).",
    ),
    "error.model_unknown": (
        "There is no model of that name or folder. Known models: {known}.",
        "Không có mô hình hay thư mục mô hình với tên đó. Các mô hình hiện có: {known}.",
    ),
    "error.model_missing": (
        "The file of model {name} is missing. Install the model again.",
        "Thiếu tệp của mô hình {name}. Hãy cài lại mô hình.",
    ),
    "error.model_altered": (
        "The file of model {name} differs from its card (size or SHA-256). It was not loaded; "
        "install the model again.",
        "Tệp của mô hình {name} khác với thẻ mô hình (kích thước hoặc SHA-256). Tệp không được "
        "nạp; hãy cài lại mô hình.",
    ),
    "error.model_unloadable": (
        "ONNX Runtime cannot load this model file.",
        "ONNX Runtime không nạp được tệp mô hình này.",
    ),
    "error.model_contract": (
        "The inputs or outputs of model {name} are not those its card promises.",
        "Đầu vào hoặc đầu ra của mô hình {name} không đúng như thẻ mô hình.",
    ),
    "error.model_not_finite": (
        "The model returned something that is not a number; no score was kept.",
        "Mô hình trả về giá trị không phải số; không giữ điểm nào.",
    ),
    "error.policy_missing": (
        "The policy file cannot be read.",
        "Không đọc được tệp chính sách.",
    ),
    "error.policy_not_toml": (
        "The policy file is not valid TOML: {problem}.",
        "Tệp chính sách không phải TOML hợp lệ: {problem}.",
    ),
    "error.policy_invalid": (
        "The policy file is not valid at {field}: {problem}.",
        "Tệp chính sách không hợp lệ ở {field}: {problem}.",
    ),
    "error.policy_unknown_label": (
        "The policy file names a finding that is not known here: {label}.",
        "Tệp chính sách có dấu hiệu không có ở đây: {label}.",
    ),
    "error.policy_thresholds_of_another_model": (
        "The policy's thresholds were set for {model}, but {running} is running. "
        "Thresholds do not travel between models: set them again.",
        "Ngưỡng trong chính sách được đặt cho {model}, nhưng đang chạy {running}. "
        "Ngưỡng không dùng chung giữa các mô hình: hãy đặt lại.",
    ),
    "error.file_unreadable": (
        "The file cannot be opened ({problem}).",
        "Không mở được tệp ({problem}).",
    ),
    "error.output_failed": (
        "The results cannot be written ({problem}). What was written before is kept.",
        "Không ghi được kết quả ({problem}). Những gì đã ghi trước đó vẫn còn.",
    ),
    "error.unexpected": (
        "An unexpected fault ({kind}). Please report it; the file was not assessed.",
        "Lỗi không lường trước ({kind}). Xin báo lại; tệp này chưa được đánh giá.",
    ),
    "error.settings_invalid": (
        "The environment variable {name} is not valid: {problem}.",
        "Biến môi trường {name} không hợp lệ: {problem}.",
    ),
}
