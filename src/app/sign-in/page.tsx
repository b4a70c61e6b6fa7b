import type { Metadata } from "next";
import { SignInPage } from "../../console/sign-in/sign-in-page";

export const metadata: Metadata = { title: "Sign in" };

export default SignInPage;
