import { Anchor, Button, Stack, Text, TextInput } from "@mantine/core";
import { NewPasswordField } from "../fields/new-password-field";
import { RefusalAlert } from "../requests/refusal-alert";
import { signInBy } from "../requests/sign-in-requests";
import { forgetLinkToken } from "../requests/use-link-token";
import { useServerForm } from "../requests/use-server-form";

interface JoinFormProps {
  readonly token: string;
  /** The e-mail address of the invited person. */
  readonly email: string;
}

/** Creates an account for a new person. A person with an account signs in and then returns to the invitation. */
export function JoinForm({ token, email }: JoinFormProps) {
  const { form, isBusy, refused, onSubmit } = useServerForm({
    initialValues: { name: "", password: "" },
    validate: { password: (password) => (password === "" ? "Enter a password." : null) },
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
          This invitation is for {email}. Already have an account?{" "}
          <Anchor href={`/sign-in?callbackUrl=%2Faccept-invitation#${token}`}>Sign in</Anchor> to accept it.
        </Text>
        <RefusalAlert refused={refused} />
        <input type="email" name="username" autoComplete="username" value={email} readOnly hidden />
        <TextInput label="Your name" autoComplete="name" key={form.key("name")} {...form.getInputProps("name")} />
        <NewPasswordField label="Password" key={form.key("password")} {...form.getInputProps("password")} />
        <Button type="submit" loading={isBusy}>
          Join
        </Button>
      </Stack>
    </form>
  );
}
