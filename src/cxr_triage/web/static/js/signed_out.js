// Nothing that names a patient stays in the tab for whoever signs in next.

import { forget } from "./searched.js";

forget();
