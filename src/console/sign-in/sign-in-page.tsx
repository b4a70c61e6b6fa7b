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

/** Signing in: a password, a passkey or a provider, then a second factor where there is one. */
export function SignInPage() {
  const [step, setStep] = useState<Step>("unknown");
  const goOn = useCallback(async () => setStep(await nextStep()), []);
  const again = useCallback(() => setStep("first"), []);
  useEffect(() => {
    nextStep().then(setStep, () => setStep("first"));
  }, []);
  return (
    <Page title={step === "second" ? "Your second factor" : "Sign in"} width="narrow">
      {step === "unknown" && <Loader aria-label="Loading" />}
      {step === "first" && <FirstFactor onSignedIn={goOn} />}
      {step === "second" && <SecondFactor onSignedIn={goOn} onAgain={again} />}
      <noscript>
        <Text>Signing in needs JavaScript.</Text>
      </noscript>
      {step === "first" && (
        <Text c="dimmed" size="sm">
          Locked out? Whoever runs this can make a new link on the host. <Anchor href="/">What is this?</Anchor>
        </Text>
      )}
    </Page>
  );
}

/** Asks what is still to be done. Whoever is signed in is sent on. */
async function nextStep(): Promise<Step> {
  if (csrfToken() === null) return "first"; // nobody has signed in here
  const session = await api.auth.session.query().catch(() => null);
  if (session === null) return "first";
  if (session.pending === "second_factor") return "second";
  location.assign(session.pending === null ? returnAddress(location) : firstToAccount(location));
  return "unknown";
}
