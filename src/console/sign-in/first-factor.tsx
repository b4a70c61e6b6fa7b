import { Alert, Button, Checkbox, Divider, Stack, TextInput } from "@mantine/core";
import { PasswordField } from "../fields/password-field";
import { RefusalAlert } from "../requests/refusal-alert";
import { signInBy, signInErrorText } from "../requests/sign-in-requests";
import { useServerForm } from "../requests/use-server-form";
import { PasskeyButton } from "./passkey-button";
import { ProviderButtons } from "./provider-buttons";

interface FirstFactorProps {
  readonly onSignedIn: () => Promise<void>;
}

/** All ways to start a sign-in. */
export function FirstFactor({ onSignedIn }: FirstFactorProps) {
  const { form, isBusy, refused, onSubmit } = useServerForm({
    initialValues: { email: "", password: "", remember: false },
    validate: {
      email: (email) => (email.trim() === "" ? "Enter your e-mail address." : null),
      password: (password) => (password === "" ? "Enter your password." : null),
    },
    send: async ({ email, password, remember }) => {
      await signInBy("password", { email, password, remember: String(remember) });
      await onSignedIn();
    },
  });
  const returned = new URLSearchParams(location.search).get("error");
  return (
    <Stack>
      {returned !== null && refused === null && (
        <Alert color="red" variant="outline">
          {signInErrorText(returned)}
        </Alert>
      )}
      <RefusalAlert refused={refused} />
      <form onSubmit={onSubmit} method="post" noValidate>
        <Stack>
          <TextInput
            label="E-mail address"
            type="email"
            autoComplete="username"
            required
            key={form.key("email")}
            {...form.getInputProps("email")}
          />
          <PasswordField
            label="Password"
            autoComplete="current-password"
            required
            key={form.key("password")}
            {...form.getInputProps("password")}
          />
          <Checkbox
            label="Remember me on this device"
            key={form.key("remember")}
            {...form.getInputProps("remember", { type: "checkbox" })}
          />
          <Button type="submit" loading={isBusy}>
            Sign in
          </Button>
        </Stack>
      </form>
      <Divider label="or" />
      <ProviderButtons />
      <PasskeyButton remember={() => form.getValues().remember} onSignedIn={onSignedIn} />
    </Stack>
  );
}
