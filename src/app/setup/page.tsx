import type { Metadata } from "next";
import { SetupPage } from "../../console/setup/setup-page";

export const metadata: Metadata = { title: "One-time link" };

export default SetupPage;
