"""Words of `evaluate`: its page and its table."""

SENTENCES: dict[str, tuple[str, str]] = {
    "evaluation.title": ("How good the scores are", "Độ chính xác của điểm số"),
    "evaluation.films": (
        "{assessed} films of {patients} patients",
        "{assessed} phim của {patients} người bệnh",
    ),
    "evaluation.films_alone": ("{assessed} films", "{assessed} phim"),
    "evaluation.splits": ("Split {splits}", "Tập {splits}"),
    "evaluation.all_films": ("All films", "Mọi phim"),
    "evaluation.mean_auc": (
        "Mean AUC of {count} findings: {value} (95 % interval {low} to {high})",
        "AUC trung bình của {count} dấu hiệu: {value} (khoảng tin cậy 95 %: {low} đến {high})",
    ),
    "evaluation.mean_auc_which": (
        "Those with at least {few} films with and {few} without the finding.",
        "Các dấu hiệu có ít nhất {few} phim có và {few} phim không có dấu hiệu.",
    ),
    "evaluation.no_mean_auc": (
        "No finding has at least {few} films with and {few} without it: no mean AUC.",
        "Không dấu hiệu nào có ít nhất {few} phim có và {few} phim không có: không tính AUC "
        "trung bình.",
    ),
    "evaluation.few": ("few", "ít phim"),
    "evaluation.few_key": (
        "“{word}” marks fewer than {few} films with or without the finding: read such figures as "
        "a hint at most.",
        "“{word}”: dưới {few} phim có hoặc không có dấu hiệu; các số này chỉ để tham khảo.",
    ),
    "evaluation.findings": ("Findings", "Dấu hiệu"),
    "evaluation.thresholds": ("At the thresholds", "Tại các ngưỡng"),
    "evaluation.details": ("Each finding", "Từng dấu hiệu"),
    "evaluation.column.films": ("With / without", "Có / không có"),
    "evaluation.column.auc": ("AUC (95 % interval)", "AUC (khoảng tin cậy 95 %)"),
    "evaluation.column.average_precision": ("Average precision", "Precision trung bình"),
    "evaluation.column.brier": ("Brier", "Brier"),
    "evaluation.column.point": ("Threshold", "Ngưỡng"),
    "evaluation.column.score": ("Score", "Điểm"),
    "evaluation.column.flagged": ("Flagged", "Cảnh báo"),
    "evaluation.column.sensitivity": ("Sensitivity", "Độ nhạy"),
    "evaluation.column.specificity": ("Specificity", "Độ đặc hiệu"),
    "evaluation.column.ppv": ("Predictive value (PPV)", "Giá trị dự báo dương"),
    "evaluation.column.group": ("Group", "Nhóm"),
    "evaluation.short.sensitivity": ("Sens.", "Nhạy"),
    "evaluation.short.specificity": ("Spec.", "Đ.hiệu"),
    "evaluation.short.ppv": ("PPV", "PPV"),
    "evaluation.point.operating": ("Suspected", "Nghi ngờ"),
    "evaluation.point.likely": ("Strongly suspected", "Nghi ngờ cao"),
    "evaluation.point.chosen": ("Sensitivity {wanted}", "Độ nhạy {wanted}"),
    "evaluation.chosen.borrowed": (
        "The threshold for a sensitivity of {wanted} was chosen on {films} other films "
        "({splits}) and is measured here.",
        "Ngưỡng cho độ nhạy {wanted} được chọn trên {films} phim khác ({splits}) và được đo ở đây.",
    ),
    "evaluation.chosen.own": (
        "The threshold for a sensitivity of {wanted} was chosen on these same films: its figures "
        "are optimistic. Measure it on other films with --thresholds-from.",
        "Ngưỡng cho độ nhạy {wanted} được chọn trên chính các phim này nên các số là lạc quan. "
        "Hãy đo trên phim khác bằng --thresholds-from.",
    ),
    "evaluation.group.sex": ("Sex", "Giới tính"),
    "evaluation.group.age": ("Age", "Tuổi"),
    "evaluation.group.view": ("View", "Tư thế"),
    "evaluation.group.sex.F": ("Female", "Nữ"),
    "evaluation.group.sex.M": ("Male", "Nam"),
    "evaluation.group.sex.O": ("Other", "Khác"),
    "evaluation.group.sex.unknown": ("Sex not given", "Không ghi giới tính"),
    "evaluation.group.age.under-15": ("Under 15 years", "Dưới 15 tuổi"),
    "evaluation.group.age.15-39": ("15 to 39 years", "15–39 tuổi"),
    "evaluation.group.age.40-64": ("40 to 64 years", "40–64 tuổi"),
    "evaluation.group.age.65+": ("65 years or more", "Từ 65 tuổi"),
    "evaluation.group.age.unknown": ("Age not given", "Không ghi tuổi"),
    "evaluation.group.view.PA": ("Frontal, PA", "Thẳng, sau–trước (PA)"),
    "evaluation.group.view.AP": ("Frontal, AP", "Thẳng, trước–sau (AP)"),
    "evaluation.group.view.other": ("Other view", "Tư thế khác"),
    "evaluation.group.view.unknown": ("View not given", "Không ghi tư thế"),
    "evaluation.groups": ("By sex, age and view", "Theo giới tính, tuổi và tư thế"),
    "evaluation.plot.roc": ("ROC", "Đường cong ROC"),
    "evaluation.plot.roc.x": ("1 − specificity", "1 − độ đặc hiệu"),
    "evaluation.plot.roc.y": ("Sensitivity", "Độ nhạy"),
    "evaluation.plot.precision_recall": (
        "Precision and recall",
        "Giá trị dự báo và độ nhạy",
    ),
    "evaluation.plot.precision_recall.x": ("Sensitivity (recall)", "Độ nhạy"),
    "evaluation.plot.precision_recall.y": ("Predictive value", "Giá trị dự báo dương"),
    "evaluation.plot.reliability": ("Reliability", "Độ tin cậy của xác suất"),
    "evaluation.plot.reliability.x": ("Probability from the model", "Xác suất mô hình đưa ra"),
    "evaluation.plot.reliability.y": ("Share with the finding", "Tỷ lệ phim có dấu hiệu"),
    "evaluation.plot.alt": (
        "{finding}: ROC curve, precision and recall, reliability",
        "{finding}: đường cong ROC, giá trị dự báo và độ nhạy, độ tin cậy của xác suất",
    ),
    "evaluation.plot.key": (
        "Dashed: what chance gives, or a probability that is right. Marks: circle = suspected, "
        "diamond = strongly suspected, square = the threshold for the wanted sensitivity.",
        "Nét đứt: kết quả ngẫu nhiên, hoặc xác suất hoàn toàn đúng. Dấu tròn: nghi ngờ; hình "
        "thoi: nghi ngờ cao; hình vuông: ngưỡng cho độ nhạy mong muốn.",
    ),
    "evaluation.no_curves": (
        "No film with the finding, or none without it: there is nothing to measure.",
        "Không có phim nào có dấu hiệu, hoặc mọi phim đều có: không đo được.",
    ),
    "evaluation.brier": (
        "Brier score {value}; always saying the share of films with it gives {reference}.",
        "Điểm Brier {value}; nếu luôn nói đúng tỷ lệ phim có dấu hiệu thì được {reference}.",
    ),
    "evaluation.pointing": ("Do the maps point at the disease?", "Bản đồ có chỉ đúng vùng bệnh?"),
    "evaluation.pointing.what": (
        "The map's highest place is a hit if it lies in a box that a radiologist drew. Chance: "
        "the mean share of the image that the boxes cover.",
        "Điểm cao nhất của bản đồ được tính là trúng nếu nằm trong ô do bác sĩ vẽ. Ngẫu nhiên: "
        "tỷ lệ trung bình của ảnh mà các ô chiếm.",
    ),
    "evaluation.pointing.leading": (
        "All films, by the map shown first",
        "Mọi phim, theo bản đồ hiện đầu tiên",
    ),
    "evaluation.pointing.films": ("Films", "Số phim"),
    "evaluation.pointing.hit": ("Peak in a box", "Đỉnh nằm trong ô"),
    "evaluation.pointing.chance": ("Chance", "Ngẫu nhiên"),
    "evaluation.pointing.evidence": ("Evidence in boxes", "Phần bằng chứng trong ô"),
    "evaluation.pointing.rsna": (
        "The RSNA boxes mark areas suspicious for pneumonia; they count for pneumonia, "
        "consolidation and infiltration. The NIH boxes count for their own finding. The maps are "
        "those of the same model and policy, made again from the films.",
        "Các ô RSNA đánh dấu vùng nghi viêm phổi; được tính cho viêm phổi, đông đặc phổi và thâm "
        "nhiễm phổi. Các ô NIH tính cho đúng dấu hiệu của chúng. Bản đồ được lập lại từ phim bằng "
        "cùng mô hình và chính sách.",
    ),
    "evaluation.pointing.unread": (
        "Films with boxes that could not be read again as they were scored, left out: {count}.",
        "Số phim có ô không đọc lại được như khi chấm điểm, không tính: {count}.",
    ),
    "evaluation.priorities": ("Priorities", "Mức ưu tiên"),
    "evaluation.priorities.what": (
        "Rows: the priority that the true findings would make under the policy {policy}, each "
        "taken as suspected. Columns: the priority that was given. Numbers of films.",
        "Hàng: mức ưu tiên mà các dấu hiệu đúng sẽ tạo ra theo chính sách {policy}, coi mỗi dấu "
        "hiệu là nghi ngờ. Cột: mức ưu tiên đã cho. Số phim.",
    ),
    "evaluation.priorities.true": ("True findings make", "Theo dấu hiệu đúng"),
    "evaluation.priorities.given": ("Priority given", "Mức ưu tiên đã cho"),
    "evaluation.priorities.found": (
        "Of the films that should be urgent or critical, this share is: {value} ({low} to {high}).",
        "Trong các phim cần đọc sớm hoặc khẩn cấp, tỷ lệ được xếp như vậy: {value} "
        "({low} đến {high}).",
    ),
    "evaluation.priorities.right": (
        "Of the films that are urgent or critical, this share should be: {value} ({low} to "
        "{high}).",
        "Trong các phim được xếp cần đọc sớm hoặc khẩn cấp, tỷ lệ đúng như vậy: {value} "
        "({low} đến {high}).",
    ),
    "evaluation.method": ("How it was measured", "Cách đo"),
    "evaluation.method.auc": (
        "AUC: how often a film with the finding scores above one without it (0.5 is chance). Its "
        "interval comes from {resamples} resamples of patients (seed {seed}), not of films: "
        "films of one patient resemble each other.",
        "AUC: tần suất phim có dấu hiệu được điểm cao hơn phim không có (0,5 là ngẫu nhiên). "
        "Khoảng tin cậy tính từ {resamples} lần lấy mẫu lại theo người bệnh (hạt giống {seed}), "
        "không theo phim: các phim của một người giống nhau.",
    ),
    "evaluation.method.proportion": (
        "Sensitivity, specificity, predictive values and hits have Wilson intervals on the "
        "sample size that remains once films of one patient are taken as alike.",
        "Độ nhạy, độ đặc hiệu, giá trị dự báo và tỷ lệ trúng có khoảng Wilson, tính trên cỡ mẫu "
        "còn lại sau khi coi các phim của một người là giống nhau.",
    ),
    "evaluation.method.local": (
        "Predictive values depend on how common a finding is; thresholds do not travel to other "
        "patients or machines. These figures are of these films.",
        "Giá trị dự báo phụ thuộc tỷ lệ mắc; ngưỡng không dùng chung cho người bệnh hay máy khác. "
        "Các số này chỉ đúng cho những phim này.",
    ),
    "evaluation.note.no_patient": (
        "The labels name no patients: each film counts as a patient of its own, and the intervals "
        "may be too narrow.",
        "Tệp nhãn không có cột người bệnh: mỗi phim được coi là một người, khoảng tin cậy có thể "
        "quá hẹp.",
    ),
    "evaluation.note.no_column": (
        "The labels have no column {measured}: nothing is shown by it.",
        "Tệp nhãn không có cột {measured}: không chia nhóm theo cột này.",
    ),
    "evaluation.note.without_labels": (
        "Results without a line in the labels, left out: {measured}.",
        "Số kết quả không có trong tệp nhãn, không tính: {measured}.",
    ),
    "evaluation.note.without_results": (
        "Lines of the labels without a result, left out: {measured}.",
        "Số dòng nhãn không có kết quả, không tính: {measured}.",
    ),
    "evaluation.note.unassessed": (
        "Films with labels that were refused or failed, and so are not in the figures of "
        "findings: {measured}.",
        "Số phim có nhãn bị từ chối hoặc lỗi nên không tính vào số liệu từng dấu hiệu: {measured}.",
    ),
    "evaluation.note.no_output": (
        "The labels name {measured}, for which this model has no output.",
        "Tệp nhãn có {measured}, nhưng mô hình này không có đầu ra tương ứng.",
    ),
    "evaluation.note.site_thresholds": (
        "The policy has thresholds of its own: “suspected” means those, not the model's operating "
        "points.",
        "Chính sách có ngưỡng riêng: “nghi ngờ” là theo các ngưỡng đó, không theo điểm cắt của mô "
        "hình.",
    ),
    "evaluation.note.training_films": (
        "The split train is among these films. If the model was trained on them, the figures say "
        "nothing about new patients.",
        "Có phim thuộc tập train. Nếu mô hình đã học các phim này, số liệu không nói gì về người "
        "bệnh mới.",
    ),
    "evaluation.note.several_splits": (
        "Several splits are taken together. If model or thresholds were chosen on one of them, "
        "the figures are optimistic.",
        "Gộp nhiều tập phim. Nếu mô hình hoặc ngưỡng được chọn trên một trong các tập đó, số liệu "
        "là lạc quan.",
    ),
    "evaluation.note.own_thresholds": (
        "The threshold for the wanted sensitivity was chosen on these same films; its figures are "
        "optimistic.",
        "Ngưỡng cho độ nhạy mong muốn được chọn trên chính các phim này; số liệu của nó là lạc "
        "quan.",
    ),
    "evaluation.note.thresholds_may_overlap": (
        "The thresholds may have been chosen on some of these films; their figures may be "
        "optimistic.",
        "Các ngưỡng có thể đã được chọn trên một số phim này; số liệu của chúng có thể lạc quan.",
    ),
    "evaluation.note.no_maps": (
        "The maps were left out.",
        "Không so bản đồ nhiệt.",
    ),
    "evaluation.note.no_policy": (
        "The model or policy of these results is not here: priorities were left out.",
        "Không có mô hình hoặc chính sách của kết quả này: không so mức ưu tiên.",
    ),
    "evaluation.written": ("Evaluation: {path}", "Kết quả đo: {path}"),
}
