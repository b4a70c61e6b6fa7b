import type { Metadata } from "next";
import { SignInPage } from "../../ui/sign-in/sign-in-page";

export const metadata: Metadata = { title: "Sign in" };

export default SignInPage;
