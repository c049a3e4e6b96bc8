"""Why an image was not assessed, or is doubtful, by reason code.

Each may use {measured} and {limit}.
"""

SENTENCES: dict[str, tuple[str, str]] = {
    "reason.sop_class": (
        "This is another kind of DICOM object ({measured}), not a radiograph.",
        "Đây là loại đối tượng DICOM khác ({measured}), không phải phim X-quang.",
    ),
    "reason.modality": (
        "The modality is {measured}, not a plain radiograph (CR, DX).",
        "Phương thức chụp là {measured}, không phải X-quang thường quy (CR, DX).",
    ),
    "reason.body_part": (
        "The header names another part of the body: {measured}.",
        "Thông tin phim ghi bộ phận khác, không phải ngực: {measured}.",
    ),
    "reason.view": (
        "The header names a view that is not frontal: {measured}.",
        "Thông tin phim ghi tư thế không phải phim thẳng: {measured}.",
    ),
    "reason.patient_orientation": (
        "The patient orientation ({measured}) is not that of a frontal film.",
        "Hướng bệnh nhân ({measured}) không phải của phim ngực thẳng.",
    ),
    "reason.age": (
        "The patient is {measured} years old; scores hold from {limit} years on.",
        "Bệnh nhân {measured} tuổi; điểm chỉ có giá trị từ {limit} tuổi trở lên.",
    ),
    "reason.for_processing": (
        "The image is raw (FOR PROCESSING). Send the FOR PRESENTATION image.",
        "Đây là ảnh thô (FOR PROCESSING). Hãy gửi ảnh FOR PRESENTATION.",
    ),
    "reason.photometric_interpretation": (
        "The pixels are {measured}, not greyscale (MONOCHROME1 or MONOCHROME2).",
        "Ảnh có kiểu điểm ảnh {measured}, không phải thang xám (MONOCHROME1 hoặc MONOCHROME2).",
    ),
    "reason.frames": (
        "The object has {measured} frames; a radiograph has one.",
        "Đối tượng có {measured} khung hình; phim X-quang chỉ có một.",
    ),
    "reason.no_pixels": (
        "The object holds no picture.",
        "Đối tượng không chứa ảnh.",
    ),
    "reason.constant": (
        "The image is blank or nearly so (grey values span {measured} of the range).",
        "Ảnh trống hoặc gần như trống (mức xám chỉ trải {measured} thang).",
    ),
    "reason.too_small": (
        "The shorter side has {measured} pixels; at least {limit} are needed.",
        "Cạnh ngắn chỉ có {measured} điểm ảnh; cần ít nhất {limit}.",
    ),
    "reason.saturated": (
        "{measured} of the image is pure black or white (limit {limit}).",
        "{measured} ảnh là đen tuyệt đối hoặc trắng tuyệt đối (giới hạn {limit}).",
    ),
    "reason.stale_window": (
        "The display window cuts off {measured} of the image (limit {limit}): it does not "
        "belong to these pixels. Export the film again.",
        "Cửa sổ hiển thị cắt mất {measured} ảnh (giới hạn {limit}): không đúng với phim này. "
        "Hãy xuất lại phim.",
    ),
    "reason.aspect_ratio": (
        "The image is {measured} times as long as wide (limit {limit}).",
        "Cạnh dài gấp {measured} lần cạnh ngắn (giới hạn {limit}).",
    ),
    "reason.crop_loss": (
        "The model sees a centred square; {measured} of this image would be lost (limit {limit}).",
        "Mô hình chỉ nhìn hình vuông ở giữa; {measured} ảnh sẽ bị mất (giới hạn {limit}).",
    ),
    "reason.small": (
        "The shorter side has {measured} pixels; under {limit} fine detail is lost.",
        "Cạnh ngắn có {measured} điểm ảnh; dưới {limit} sẽ mất chi tiết nhỏ.",
    ),
    "reason.no_header": (
        "A picture says nothing of view, age or part of the body: make sure that it is the "
        "frontal chest film of a person of 15 years or more.",
        "Tệp ảnh thường không ghi tư thế, tuổi hay bộ phận: hãy chắc chắn đây là phim ngực "
        "thẳng của người từ 15 tuổi trở lên.",
    ),
    "reason.missing_sop_class": (
        "The header does not say what kind of image this is.",
        "Thông tin phim không ghi loại ảnh.",
    ),
    "reason.missing_modality": (
        "The header does not name the modality.",
        "Thông tin phim không ghi phương thức chụp.",
    ),
    "reason.missing_body_part": (
        "The header does not name the part of the body.",
        "Thông tin phim không ghi bộ phận cơ thể.",
    ),
    "reason.missing_view": (
        "The header does not name the view.",
        "Thông tin phim không ghi tư thế chụp.",
    ),
    "reason.missing_age": (
        "The header does not tell the patient's age.",
        "Thông tin phim không ghi tuổi bệnh nhân.",
    ),
    "reason.rescale_ignored": (
        "The header's rescale values make no sense and were ignored.",
        "Giá trị chuyển thang (rescale) trong thông tin phim vô lý nên đã bị bỏ qua.",
    ),
    "reason.voi_lut_ignored": (
        "The header's display table is damaged and was ignored.",
        "Bảng hiển thị trong thông tin phim bị hỏng nên đã bị bỏ qua.",
    ),
    "reason.window_ignored": (
        "The display window's width ({measured}) is not valid; the window was ignored.",
        "Độ rộng cửa sổ hiển thị ({measured}) không hợp lệ nên cửa sổ đã bị bỏ qua.",
    ),
    "reason.polarity_contradicts": (
        "The header contradicts itself on whether bright is dense ({measured}). "
        "Make sure that lungs are dark.",
        "Thông tin phim mâu thuẫn về chiều sáng tối ({measured}). "
        "Hãy kiểm tra xem phổi có màu tối không.",
    ),
    "reason.attribute_assumed": (
        "The header lacks {measured}; {limit} was assumed.",
        "Thông tin phim thiếu {measured}; đã lấy giá trị {limit}.",
    ),
    "reason.extra_pixel_data": (
        "{measured} bytes more than the image needs follow it; they were ignored.",
        "Có thừa {measured} byte sau dữ liệu ảnh; phần thừa đã bị bỏ qua.",
    ),
    "reason.unused_bits": (
        "Bits beyond the {limit} that the header declares are set; they were ignored.",
        "Có dữ liệu ở các bit ngoài {limit} bit mà thông tin phim ghi; chúng đã bị bỏ qua.",
    ),
    "reason.transfer_syntax_differs": (
        "The header names another compression than the image data have ({measured}).",
        "Thông tin phim ghi kiểu nén khác với dữ liệu ảnh ({measured}).",
    ),
    "reason.signedness_differs": (
        "Header and image data disagree on the sign of values; the header was followed.",
        "Thông tin phim và dữ liệu ảnh không thống nhất về dấu của giá trị; "
        "đã theo thông tin phim.",
    ),
    "reason.first_page_only": (
        "The file has {measured} pages; only the first was read.",
        "Tệp có {measured} trang; chỉ trang đầu được đọc.",
    ),
    "reason.may_be_unfinished": (
        "The image ends in even grey, as one that was cut off does. Compare it with the "
        "original film.",
        "Phần cuối ảnh là một màu xám đều, giống ảnh bị cắt cụt. Hãy so với phim gốc.",
    ),
    "reason.research_policy": (
        "For research only: made under the policy {measured}, which lets in films that triage "
        "refuses.",
        "Chỉ dùng cho nghiên cứu: lập theo chính sách {measured}, nhận cả những phim mà việc "
        "phân loại ưu tiên từ chối.",
    ),
    "reason.precision_larger": (
        "The image data have {measured} bits, the header says {limit}; no value needs more.",
        "Dữ liệu ảnh có {measured} bit, thông tin phim ghi {limit}; không giá trị nào vượt quá.",
    ),
}
