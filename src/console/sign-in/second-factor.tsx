import { Button, Loader, Stack, Text, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import type { SecondFactors } from "#src/platform/contract/second-factors";
import { api } from "../requests/api";
import { RefusalAlert } from "../requests/refusal-alert";
import { signInBy } from "../requests/sign-in-requests";
import { useServerForm } from "../requests/use-server-form";
import { PasskeyButton } from "./passkey-button";

interface SecondFactorProps {
  readonly onSignedIn: () => Promise<void>;
  /** Returns to the first step. */
  readonly onAgain: () => void;
}

/** Asks for the second factor after the password, if the person has one. */
export function SecondFactor({ onSignedIn, onAgain }: SecondFactorProps) {
  const [factors, setFactors] = useState<SecondFactors | null>(null);
  useEffect(() => {
    api.auth.secondFactors.query().then(setFactors, onAgain);
  }, [onAgain]);
  if (factors === null) return <Loader aria-label="Loading" />;
  return (
    <Stack>
      {(factors.totp || factors.recoveryCodes > 0) && <CodeForm hasApp={factors.totp} onSignedIn={onSignedIn} />}
      {factors.passkeys > 0 && <PasskeyButton asSecondFactor onSignedIn={onSignedIn} />}
      <Button variant="subtle" onClick={onAgain}>
        Use another account
      </Button>
    </Stack>
  );
}

function CodeForm({ hasApp, onSignedIn }: { hasApp: boolean; onSignedIn: () => Promise<void> }) {
  const { form, isBusy, refused, onSubmit } = useServerForm({
    initialValues: { code: "" },
    validate: { code: (code) => (code.trim() === "" ? "Enter a code." : null) },
    send: async ({ code }) => {
      await signInBy("second-factor", { code: code.trim() });
      await onSignedIn();
    },
  });
  return (
    <form onSubmit={onSubmit} method="post" noValidate>
      <Stack>
        <Text>
          {hasApp ? "Enter the 6-digit code from your authenticator app." : "Enter one of your recovery codes."}
        </Text>
        <RefusalAlert refused={refused} />
        <TextInput
          label="Code"
          description={hasApp ? "Six digits, or one of your recovery codes" : "One of your recovery codes"}
          autoComplete="one-time-code"
          data-autofocus
          autoFocus
          required
          key={form.key("code")}
          {...form.getInputProps("code")}
        />
        <Button type="submit" loading={isBusy}>
          Continue
        </Button>
      </Stack>
    </form>
  );
}
