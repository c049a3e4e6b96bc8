// Nothing that names a patient stays in the tab for whoever signs in next.

import { forget } from "./searched.js";

forget();
sessionStorage.removeItem("cxr-triage.sent"); // ids alone, but of no use to anybody else
