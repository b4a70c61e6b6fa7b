"use client";

import { Anchor, Loader, Text } from "@mantine/core";
import { useCallback, useEffect, useState } from "react";
import { Page } from "../frame/page";
import { api } from "../requests/api";
import { csrfToken } from "../requests/cookies";
import { firstToAccount, returnAddress } from "../requests/return-address";
import { FirstFactor } from "./first-factor";
import { SecondFactor } from "./second-factor";

type Step = "unknown" | "first" | "second";

/** The sign-in page: a password, a passkey or a provider, then a second factor if the person has one. */
export function SignInPage() {
  const [step, setStep] = useState<Step>("unknown");
  const continueSignIn = useCallback(async () => setStep(await nextStep()), []);
  const restart = useCallback(() => setStep("first"), []);
  useEffect(() => {
    nextStep().then(setStep, () => setStep("first"));
  }, []);
  return (
    <Page title={step === "second" ? "Your second factor" : "Sign in"} width="narrow">
      {step === "unknown" && <Loader aria-label="Loading" />}
      {step === "first" && <FirstFactor onSignedIn={continueSignIn} />}
      {step === "second" && <SecondFactor onSignedIn={continueSignIn} onAgain={restart} />}
      <noscript>
        <Text>Sign-in needs JavaScript.</Text>
      </noscript>
      {step === "first" && (
        <Text c="dimmed" size="sm">
          Cannot sign in? Ask your administrator for a new sign-in link. <Anchor href="/">What is this?</Anchor>
        </Text>
      )}
    </Page>
  );
}

/** Determines the next step. A signed-in person is redirected. */
async function nextStep(): Promise<Step> {
  if (csrfToken() === null) return "first"; // no one is signed in in this browser
  const session = await api.auth.session.query().catch(() => null);
  if (session === null) return "first";
  if (session.pending === "second_factor") return "second";
  location.assign(session.pending === null ? returnAddress(location) : firstToAccount(location));
  return "unknown";
}
