"""Rows of a labels.csv that describe no one."""

COLUMNS = ("image", "patient", "findings", "view", "age", "sex", "rsna_class", "split",
           "rsna_boxes", "nih_boxes")  # fmt: skip


def film_row(number, **fields):
    findings = ("", "Mass", "Effusion|Mass", "Hernia")[number % 4]
    defaults = {"image": f"f{number}", "patient": str(number), "findings": findings, "age": "50"}
    return (
        dict.fromkeys(COLUMNS, "")
        | {"split": ("train", "val")[number // 4 % 2]}
        | defaults
        | fields
    )
