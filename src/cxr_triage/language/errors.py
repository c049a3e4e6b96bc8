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
        "The model folder has no readable card.",
        "Thư mục mô hình không có thẻ mô tả (card) đọc được.",
    ),
    "error.card_invalid": (
        "The model's card is not valid ({field}).",
        "Thẻ mô tả (card) của mô hình không hợp lệ ({field}).",
    ),
    "error.model_unknown": (
        "There is no model of that name or folder. Known models: {known}.",
        "Không có mô hình hay thư mục mô hình với tên đó. Các mô hình hiện có: {known}.",
    ),
    "error.gate_unknown": (
        "The gate network {name} that the policy names is not there. Install the program again.",
        "Không có mạng kiểm tra phim {name} mà chính sách nêu. Hãy cài lại chương trình.",
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
    "error.checkpoint_refused": (
        "This file is not the checkpoint of a model, or not a safe one ({problem}). Nothing in it "
        "was run or kept.",
        "Tệp này không phải tệp trọng số của mô hình, hoặc không an toàn ({problem}). Không có gì "
        "trong tệp được chạy hay giữ lại.",
    ),
    "error.checkpoint_unexpected": (
        "The checkpoint is not that of a DenseNet-121 with the outputs of its card ({name}).",
        "Tệp trọng số không phải của DenseNet-121 với các đầu ra ghi trong thẻ mô hình ({name}).",
    ),
    "error.checkpoint_not_finite": (
        "The checkpoint holds values that are not numbers ({name}).",
        "Tệp trọng số chứa giá trị không phải số ({name}).",
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
    "error.results_missing": (
        "The results cannot be read ({problem}). Name the folder that score wrote.",
        "Không đọc được kết quả ({problem}). Hãy chỉ đúng thư mục mà lệnh score đã ghi.",
    ),
    "error.results_invalid": (
        "Line {line} of the results is not a row that score wrote.",
        "Dòng {line} của tệp kết quả không phải do lệnh score ghi.",
    ),
    "error.results_mixed": (
        "The results come from more than one model or policy. Score all films in one run.",
        "Kết quả đến từ nhiều mô hình hoặc chính sách. Hãy chấm điểm mọi phim trong một lần chạy.",
    ),
    "error.results_duplicates": (
        "Line {line} of the results has the file name of an earlier line; names must differ.",
        "Dòng {line} của tệp kết quả trùng tên tệp với một dòng trước; các tên phải khác nhau.",
    ),
    "error.results_empty": (
        "None of the results is of a film that was assessed.",
        "Không có phim nào trong tệp kết quả được đánh giá.",
    ),
    "error.labels_missing": (
        "The labels cannot be read ({problem}).",
        "Không đọc được tệp nhãn ({problem}).",
    ),
    "error.labels_no_column": (
        "The labels have no column {column}.",
        "Tệp nhãn không có cột {column}.",
    ),
    "error.labels_invalid": (
        "Line {line} of the labels cannot be used in column {column}.",
        "Dòng {line} của tệp nhãn không dùng được ở cột {column}.",
    ),
    "error.labels_unknown_finding": (
        "Line {line} of the labels names a finding that is not known here: {label}.",
        "Dòng {line} của tệp nhãn có dấu hiệu không có ở đây: {label}.",
    ),
    "error.labels_duplicates": (
        "Line {line} of the labels names an image that an earlier line names.",
        "Dòng {line} của tệp nhãn trùng ảnh với một dòng trước.",
    ),
    "error.split_unknown": (
        "The labels have no split {split}. Known: {known}.",
        "Tệp nhãn không có tập {split}. Các tập hiện có: {known}.",
    ),
    "error.nothing_in_common": (
        "No assessed film stands in the labels: {results} results, {labels} labels. "
        "Rows join on the file's name without its ending.",
        "Không có phim đã đánh giá nào có trong tệp nhãn: {results} kết quả, {labels} nhãn. "
        "Hai bên được ghép theo tên tệp không kể phần đuôi.",
    ),
    "error.thresholds_missing": (
        "The file of thresholds cannot be read ({problem}).",
        "Không đọc được tệp ngưỡng ({problem}).",
    ),
    "error.thresholds_invalid": (
        "The file of thresholds is not an evaluation.json that this version reads.",
        "Tệp ngưỡng không phải evaluation.json mà phiên bản này đọc được.",
    ),
    "error.thresholds_of_another_run": (
        "The thresholds were chosen for another model. Thresholds do not travel between models.",
        "Các ngưỡng được chọn cho mô hình khác. Ngưỡng không dùng chung giữa các mô hình.",
    ),
    "error.fingerprint_differs": (
        "These results were made with another model, policy or version than are here, so their "
        "maps cannot be drawn again. Give --model and --policy, score again, or leave the maps "
        "out with --no-maps.",
        "Kết quả này được lập bằng mô hình, chính sách hoặc phiên bản khác, nên không vẽ lại "
        "được bản đồ nhiệt. Hãy dùng --model và --policy, chấm điểm lại, hoặc bỏ bản đồ bằng "
        "--no-maps.",
    ),
    "error.boxed_films_unread": (
        "None of the {count} films with boxes can be read again as it was scored. Give their "
        "folder with --images, or leave the maps out with --no-maps.",
        "Không đọc lại được phim nào trong {count} phim có ô đánh dấu như khi chấm điểm. Hãy chỉ "
        "thư mục bằng --images, hoặc bỏ bản đồ bằng --no-maps.",
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
    "error.dicom_directory": (
        "A DICOM directory (DICOMDIR), not an image.",
        "Đây là tệp mục lục DICOM (DICOMDIR), không phải ảnh.",
    ),
    "error.file_too_large": (
        "The file has {measured} MB; at most {limit} MB are read.",
        "Tệp có {measured} MB; chỉ đọc tệp tối đa {limit} MB.",
    ),
    "error.too_many_pixels": (
        "The image is {rows} × {columns}; at most {limit} million pixels are read.",
        "Ảnh có kích thước {rows} × {columns}; chỉ đọc ảnh tối đa {limit} triệu điểm ảnh.",
    ),
    "error.too_many_elements": (
        "The header holds more attributes than any radiograph does; it was not read.",
        "Thông tin phim có quá nhiều mục so với một phim X-quang; tệp không được đọc.",
    ),
    "error.inflated_too_large": (
        "Unpacked, the file would have over {limit} MB; it was not read.",
        "Sau khi giải nén, tệp sẽ lớn hơn {limit} MB; tệp không được đọc.",
    ),
    "error.truncated_header": (
        "The file is cut off within its header. Copy or send it again.",
        "Tệp bị cắt cụt ở phần thông tin phim. Hãy chép hoặc gửi lại.",
    ),
    "error.broken_header": (
        "The header is damaged. Copy or export the image again.",
        "Phần thông tin phim bị hỏng. Hãy chép hoặc xuất lại ảnh.",
    ),
    "error.missing_attribute": (
        "The header lacks {name}, without which the pixels cannot be read.",
        "Thông tin phim thiếu {name} nên không đọc được điểm ảnh.",
    ),
    "error.contradictory_bits": (
        "The header contradicts itself: {stored} bits stored, the highest at {high_bit}, "
        "in {allocated}.",
        "Thông tin phim mâu thuẫn: lưu {stored} bit, bit cao nhất ở vị trí {high_bit}, "
        "trong {allocated} bit.",
    ),
    "error.broken_lut": (
        "The table that turns stored values into grey values is damaged.",
        "Bảng chuyển giá trị lưu thành mức xám bị hỏng.",
    ),
    "error.no_pixel_data": (
        "The file holds no picture, or was cut off before it.",
        "Tệp không chứa ảnh, hoặc bị cắt cụt trước phần ảnh.",
    ),
    "error.truncated_pixels": (
        "The image is cut off: {measured} of {expected} bytes are there. Copy or send it again.",
        "Ảnh bị cắt cụt: chỉ có {measured} trên {expected} byte. Hãy chép hoặc gửi lại.",
    ),
    "error.unfinished_frame": (
        "The compressed image is cut off before its end. Copy or send it again.",
        "Ảnh nén bị cắt cụt trước khi kết thúc. Hãy chép hoặc gửi lại.",
    ),
    "error.truncated_picture": (
        "The picture file is cut off. Copy or export it again.",
        "Tệp ảnh bị cắt cụt. Hãy chép hoặc xuất lại.",
    ),
    "error.broken_frame": (
        "The image data are damaged and cannot be decoded. Copy or export the image again.",
        "Dữ liệu ảnh bị hỏng, không giải mã được. Hãy chép hoặc xuất lại ảnh.",
    ),
    "error.encapsulation_mismatch": (
        "The header and the image data disagree on whether the image is compressed.",
        "Thông tin phim và dữ liệu ảnh không thống nhất về việc ảnh có nén hay không.",
    ),
    "error.size_mismatch": (
        "The header says {rows} × {columns} pixels, but the image data hold {found}.",
        "Thông tin phim ghi {rows} × {columns} điểm ảnh, nhưng dữ liệu ảnh là {found}.",
    ),
    "error.precision_mismatch": (
        "The header says {expected} bits a pixel, but the image data hold {measured}.",
        "Thông tin phim ghi {expected} bit mỗi điểm ảnh, nhưng dữ liệu ảnh có {measured} bit.",
    ),
    "error.transfer_syntax": (
        "The compression of this file is not read here ({measured}). Export it uncompressed.",
        "Kiểu nén của tệp này không được hỗ trợ ({measured}). Hãy xuất lại ảnh không nén.",
    ),
    "error.bits_allocated": (
        "Pixels of {measured} bits are not read here; a radiograph has 8 or 16.",
        "Không đọc ảnh {measured} bit mỗi điểm ảnh; phim X-quang có 8 hoặc 16 bit.",
    ),
    "error.float_pixels": (
        "The pixels are floating-point numbers, which no radiograph has.",
        "Điểm ảnh là số thực, không phải kiểu dữ liệu của phim X-quang.",
    ),
    "error.not_greyscale": (
        "The pixels are {measured}, not greyscale.",
        "Ảnh có kiểu điểm ảnh {measured}, không phải thang xám.",
    ),
    "error.several_frames": (
        "The object has {measured} frames; a radiograph has one.",
        "Đối tượng có {measured} khung hình; phim X-quang chỉ có một.",
    ),
    "error.picture_pixel_type": (
        "Pictures with this kind of pixel are not read here ({measured}). "
        "Export 8 or 16 bits of grey.",
        "Không đọc tệp ảnh có kiểu điểm ảnh này ({measured}). Hãy xuất lại ảnh xám 8 hoặc 16 bit.",
    ),
    "error.decoder_crashed": (
        "The image data made the decoder fail; it was restarted. Export the image again.",
        "Dữ liệu ảnh làm bộ giải mã bị lỗi; bộ giải mã đã được khởi động lại. Hãy xuất lại ảnh.",
    ),
    "error.decoder_timeout": (
        "Decoding took too long and was stopped. Export the image again, uncompressed.",
        "Giải mã quá lâu nên đã bị dừng. Hãy xuất lại ảnh không nén.",
    ),
    "error.decoder_memory": (
        "Decoding needed too much memory and was stopped.",
        "Giải mã cần quá nhiều bộ nhớ nên đã bị dừng.",
    ),
}
