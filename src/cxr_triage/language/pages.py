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
        "{finding} strongly suspected: score {score:.2f}",
        "Nghi ngờ cao {finding}: điểm {score:.2f}",
    ),
    "priority_reason.possible": (
        "{finding} suspected: score {score:.2f}, threshold {threshold:.2f}",
        "Nghi ngờ {finding}: điểm {score:.2f}, ngưỡng {threshold:.2f}",
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
}
