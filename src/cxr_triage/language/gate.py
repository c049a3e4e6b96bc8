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
    "reason.not_chest": (
        "The picture does not look like a frontal chest radiograph (likeness {measured}, at "
        "least {limit} is needed).",
        "Ảnh không giống phim X-quang ngực thẳng (độ giống {measured}, cần ít nhất {limit}).",
    ),
    "reason.turned_left": (
        "The film is turned a quarter to the left (certainty {measured}, limit {limit}): turn it "
        "to the right and send it again.",
        "Phim bị xoay 90° sang trái (độ chắc chắn {measured}, giới hạn {limit}): hãy xoay sang "
        "phải rồi gửi lại.",
    ),
    "reason.turned_right": (
        "The film is turned a quarter to the right (certainty {measured}, limit {limit}): turn it "
        "to the left and send it again.",
        "Phim bị xoay 90° sang phải (độ chắc chắn {measured}, giới hạn {limit}): hãy xoay sang "
        "trái rồi gửi lại.",
    ),
    "reason.turned_down": (
        "The film is upside down (certainty {measured}, limit {limit}): rotate it and send it "
        "again.",
        "Phim bị lộn ngược (độ chắc chắn {measured}, giới hạn {limit}): hãy xoay lại rồi gửi lại.",
    ),
    "reason.inverted": (
        "Bright and dark are exchanged (certainty {measured}, limit {limit}): invert the film, so "
        "that lungs are dark and bones bright, and send it again.",
        "Phim bị đảo sáng tối (độ chắc chắn {measured}, giới hạn {limit}): hãy đảo lại để phổi "
        "tối, xương sáng rồi gửi lại.",
    ),
    "reason.cut_off": (
        "A large part of the chest lies outside the picture (certainty {measured}, limit "
        "{limit}): send the whole film.",
        "Một phần lớn lồng ngực nằm ngoài ảnh (độ chắc chắn {measured}, giới hạn {limit}): hãy "
        "gửi phim đầy đủ.",
    ),
    "reason.tiny": (
        "The chest fills only a small part of the picture (certainty {measured}, limit {limit}): "
        "cut the border away and send it again.",
        "Lồng ngực chỉ chiếm một phần nhỏ của ảnh (độ chắc chắn {measured}, giới hạn {limit}): "
        "hãy cắt bỏ phần viền rồi gửi lại.",
    ),
    "reason.mirrored": (
        "Left and right may be exchanged (certainty {measured}): check the side marker. The heart "
        "may also lie on the right (dextrocardia).",
        "Phim có thể bị lật trái–phải (độ chắc chắn {measured}): hãy kiểm tra dấu chỉ bên. Cũng "
        "có thể tim nằm bên phải (dextrocardia).",
    ),
    "reason.corrected_left": (
        "The film lay a quarter to the left and was turned upright for scoring; the picture shows "
        "it as it was sent.",
        "Phim bị xoay 90° sang trái nên đã được tự động xoay lại trước khi chấm điểm; ảnh hiển "
        "thị vẫn là ảnh gốc.",
    ),
    "reason.corrected_right": (
        "The film lay a quarter to the right and was turned upright for scoring; the picture "
        "shows it as it was sent.",
        "Phim bị xoay 90° sang phải nên đã được tự động xoay lại trước khi chấm điểm; ảnh hiển "
        "thị vẫn là ảnh gốc.",
    ),
    "reason.corrected_down": (
        "The film was upside down and was turned upright for scoring; the picture shows it as it "
        "was sent.",
        "Phim bị lộn ngược nên đã được tự động xoay lại trước khi chấm điểm; ảnh hiển thị vẫn là "
        "ảnh gốc.",
    ),
    "reason.corrected_inverted": (
        "Bright and dark were exchanged and were set right for scoring; the picture shows the "
        "film as it was sent.",
        "Phim bị đảo sáng tối nên đã được tự động đảo lại trước khi chấm điểm; ảnh hiển thị vẫn "
        "là ảnh gốc.",
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
