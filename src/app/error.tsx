"use client";

import { ErrorPage } from "../console/error-page";

export default ErrorPage;
