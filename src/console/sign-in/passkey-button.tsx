import { Button, Stack } from "@mantine/core";
import { browserSupportsWebAuthn, startAuthentication } from "@simplewebauthn/browser";
import { api } from "../requests/api";
import { openPasskeyDialog } from "../requests/open-passkey-dialog";
import { RefusalAlert } from "../requests/refusal-alert";
import { signInBy } from "../requests/sign-in-requests";
import { useRequest } from "../requests/use-request";

interface PasskeyButtonProps {
  /** True after the password: only this person's passkeys are accepted. */
  readonly asSecondFactor?: boolean;
  readonly remember?: () => boolean;
  readonly onSignedIn: () => Promise<void>;
}

/** Signs in with a passkey, if the browser supports passkeys. */
export function PasskeyButton({ asSecondFactor = false, remember = () => false, onSignedIn }: PasskeyButtonProps) {
  const { isBusy, refused, run } = useRequest();
  if (!browserSupportsWebAuthn()) return null;
  const signIn = () =>
    run(async () => {
      const optionsJSON = await api.auth.passkeys.challenge.mutate({ secondFactor: asSecondFactor });
      const response = await openPasskeyDialog(() => startAuthentication({ optionsJSON }));
      await signInBy("passkey", { response: JSON.stringify(response), remember: String(remember()) });
      await onSignedIn();
    });
  return (
    <Stack gap="xs">
      <RefusalAlert refused={refused} />
      <Button variant="default" loading={isBusy} onClick={() => void signIn()}>
        {asSecondFactor ? "Use a passkey" : "Sign in with a passkey"}
      </Button>
    </Stack>
  );
}
