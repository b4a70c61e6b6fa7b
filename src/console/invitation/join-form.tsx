import { Anchor, Button, Stack, Text, TextInput } from "@mantine/core";
import { PasswordField } from "../fields/password-field";
import { RefusalAlert } from "../requests/refusal-alert";
import { signInBy } from "../requests/sign-in-requests";
import { forgetLinkToken } from "../requests/use-link-token";
import { useServerForm } from "../requests/use-server-form";

interface JoinFormProps {
  readonly token: string;
  /** Whom the invitation is for. */
  readonly email: string;
}

/** An account for somebody new. Whoever has one signs in, and comes back. */
export function JoinForm({ token, email }: JoinFormProps) {
  const { form, isBusy, refused, onSubmit } = useServerForm({
    initialValues: { name: "", password: "" },
    validate: { password: (password) => (password === "" ? "A password is needed." : null) },
    send: async (fields) => {
      await signInBy("invitation", { token, ...fields });
      forgetLinkToken();
      location.assign("/account");
    },
  });
  return (
    <form onSubmit={onSubmit} method="post" noValidate>
      <Stack>
        <Text>
          This is for {email}. Have you an account here already?{" "}
          <Anchor href={`/sign-in?callbackUrl=%2Faccept-invitation#${token}`}>Sign in</Anchor>, and you come back to it.
        </Text>
        <RefusalAlert refused={refused} />
        <input type="email" name="username" autoComplete="username" value={email} readOnly hidden />
        <TextInput label="Your name" autoComplete="name" key={form.key("name")} {...form.getInputProps("name")} />
        <PasswordField
          label="Password"
          description="12 characters at least; several words are good"
          autoComplete="new-password"
          required
          key={form.key("password")}
          {...form.getInputProps("password")}
        />
        <Button type="submit" loading={isBusy}>
          Join
        </Button>
      </Stack>
    </form>
  );
}
