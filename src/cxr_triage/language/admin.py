"""Words of `cxr-triage admin`."""

SENTENCES: dict[str, tuple[str, str]] = {
    "help.admin_app": (
        "Accounts, stations, keys and backups of the service.",
        "Tài khoản, trạm, khoá và sao lưu của dịch vụ.",
    ),
    "help.admin_create_user": (
        "Make an account (the password is asked for, or read from standard input).",
        "Tạo tài khoản (mật khẩu được hỏi, hoặc đọc từ đầu vào chuẩn).",
    ),
    "help.admin_reset_password": (
        "Give somebody a new password; their sessions end.",
        "Đặt lại mật khẩu; mọi phiên đăng nhập của người đó kết thúc.",
    ),
    "help.admin_disable_user": (
        "Let nobody sign in by that name any more.",
        "Vô hiệu hoá tài khoản.",
    ),
    "help.admin_list_users": ("List accounts.", "Liệt kê tài khoản."),
    "help.admin_create_station": ("Make a station.", "Tạo trạm."),
    "help.admin_list_stations": ("List stations.", "Liệt kê các trạm."),
    "help.admin_create_key": (
        "Make a station's API key and show it, once.",
        "Tạo khoá API cho trạm và hiện khoá một lần duy nhất.",
    ),
    "help.admin_revoke_key": ("Let a key count no more.", "Thu hồi khoá."),
    "help.admin_list_keys": ("List keys.", "Liệt kê khoá."),
    "help.admin_backup": (
        "Write a backup; the service may run.",
        "Sao lưu; dịch vụ vẫn có thể đang chạy.",
    ),
    "help.admin_restore": (
        "Bring a backup back; the service must not run.",
        "Khôi phục từ bản sao lưu; dịch vụ phải dừng.",
    ),
    "help.admin_check": (
        "Hash every image and compare with the database.",
        "Kiểm tra mã băm của mọi ảnh và đối chiếu với cơ sở dữ liệu.",
    ),
    "help.user_name": ("Name for signing in.", "Tên đăng nhập."),
    "help.role": (
        "station, clinician, radiologist or administrator.",
        "station (nhân viên trạm), clinician (bác sĩ lâm sàng), radiologist (bác sĩ chẩn đoán "
        "hình ảnh) hoặc administrator (quản trị viên).",
    ),
    "help.of_station": (
        "Station whose studies alone they see.",
        "Trạm mà người này được xem các ca chụp.",
    ),
    "help.full_name": (
        "Name as it stands under a reading.",
        "Họ tên ghi dưới bản đọc phim.",
    ),
    "help.user_language": (
        "Language of their pages: en or vi.",
        "Ngôn ngữ trang của người này: en hoặc vi.",
    ),
    "help.station_id": (
        "Short name of the station, such as xa-an-phu.",
        "Tên ngắn của trạm, ví dụ xa-an-phu.",
    ),
    "help.station_name": (
        "Name of the station as people know it.",
        "Tên đầy đủ của trạm.",
    ),
    "help.key_days": ("Days for which the key is good.", "Số ngày khoá có hiệu lực."),
    "help.key_prefix": (
        "Beginning of the key, as list-keys shows it.",
        "Phần đầu của khoá, như lệnh list-keys hiện.",
    ),
    "help.backup_path": (
        "Folder, or file that ends in .zip.",
        "Thư mục, hoặc tệp có đuôi .zip.",
    ),
    "help.restore_force": (
        "Also if a store is there; its database is kept under another name.",
        "Khôi phục cả khi đã có kho lưu trữ; cơ sở dữ liệu cũ được giữ dưới tên khác.",
    ),
    "admin.password": ("Password", "Mật khẩu"),
    "admin.user_created": ("The account {name} is there.", "Đã tạo tài khoản {name}."),
    "admin.password_reset": (
        "{name} has a new password.",
        "Đã đặt lại mật khẩu cho {name}.",
    ),
    "admin.user_disabled": (
        "Nobody signs in as {name} any more.",
        "Đã vô hiệu hoá tài khoản {name}.",
    ),
    "admin.station_created": ("The station {station} is there.", "Đã tạo trạm {station}."),
    "admin.key_created": (
        "The key {prefix}… is good until {until}. It is shown only now; keep it safe:",
        "Khoá {prefix}… có hiệu lực đến {until}. Khoá chỉ hiện một lần; hãy cất giữ cẩn thận:",
    ),
    "admin.key_revoked": ("The key {prefix}… counts no more.", "Đã thu hồi khoá {prefix}…."),
    "admin.backup_made": (
        "Backup with {images} images: {path}",
        "Bản sao lưu gồm {images} ảnh: {path}",
    ),
    "admin.backup_restored": (
        "Restored, with {images} images. Everybody has to sign in again.",
        "Đã khôi phục {images} ảnh. Mọi người phải đăng nhập lại.",
    ),
    "admin.checked": ("Checked {images} images.", "Đã kiểm tra {images} ảnh."),
    "admin.check_sound": ("Nothing is missing.", "Không thiếu gì."),
    "admin.check_missing": ("Missing image: {item}", "Thiếu ảnh: {item}"),
    "admin.check_damaged": ("Damaged image: {item}", "Ảnh bị hỏng: {item}"),
    "admin.check_orphans": (
        "File of an unfinished upload (harmless): {item}",
        "Tệp của lần tải lên dở dang (vô hại): {item}",
    ),
    "admin.check_database": ("Database: {item}", "Cơ sở dữ liệu: {item}"),
    "admin.column_name": ("Name", "Tên"),
    "admin.column_full_name": ("Full name", "Họ tên"),
    "admin.column_role": ("Role", "Vai trò"),
    "admin.column_station": ("Station", "Trạm"),
    "admin.column_state": ("State", "Trạng thái"),
    "admin.column_since": ("Since", "Từ ngày"),
    "admin.column_until": ("Until", "Đến ngày"),
    "admin.column_key": ("Key", "Khoá"),
    "role.station": ("Station staff", "Nhân viên trạm y tế"),
    "role.clinician": ("Clinician", "Bác sĩ lâm sàng"),
    "role.radiologist": ("Radiologist", "Bác sĩ chẩn đoán hình ảnh"),
    "role.administrator": ("Administrator", "Quản trị viên"),
    "account_state.active": ("active", "đang dùng"),
    "account_state.disabled": ("disabled", "đã vô hiệu hoá"),
    "account_state.revoked": ("revoked", "đã thu hồi"),
    "account_state.expired": ("expired", "hết hạn"),
    "error.backup_exists": (
        "There is something by that name already. Choose another name for the backup.",
        "Đã có tệp hoặc thư mục với tên này. Hãy chọn tên khác cho bản sao lưu.",
    ),
    "error.backup_invalid": (
        "This is not a backup of cxr-triage.",
        "Đây không phải bản sao lưu của cxr-triage.",
    ),
    "error.backup_newer": (
        "The backup was made by a newer version. Install that version.",
        "Bản sao lưu do phiên bản mới hơn tạo ra. Hãy cài phiên bản đó.",
    ),
    "error.backup_incomplete": (
        "The backup is damaged or incomplete; the store was not changed. Take another one.",
        "Bản sao lưu bị hỏng hoặc thiếu; kho lưu trữ không thay đổi. Hãy dùng bản khác.",
    ),
    "error.store_exists": (
        "A store is there already; --force replaces its database (and keeps a copy).",
        "Đã có kho lưu trữ; dùng --force để thay cơ sở dữ liệu (bản cũ vẫn được giữ).",
    ),
}
