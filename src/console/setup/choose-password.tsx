import { Button, Stack, Text } from "@mantine/core";
import { NewPasswordField } from "../fields/new-password-field";
import { RefusalAlert } from "../requests/refusal-alert";
import { signInBy } from "../requests/sign-in-requests";
import { useServerForm } from "../requests/use-server-form";
import { goOnFromLink } from "./go-on-from-link";

interface ChoosePasswordProps {
  readonly token: string;
  /** The e-mail address of the person who chooses the password. */
  readonly email: string;
  /** The link was created because a second factor is lost. */
  readonly resetsFactor: boolean;
}

/** Chooses a password for an existing account. */
export function ChoosePassword({ token, email, resetsFactor }: ChoosePasswordProps) {
  const { form, isBusy, refused, onSubmit } = useServerForm({
    initialValues: { password: "" },
    validate: { password: (password) => (password === "" ? "Enter a password." : null) },
    send: async ({ password }) => {
      await signInBy("link", { token, password });
      await goOnFromLink();
    },
  });
  return (
    <form onSubmit={onSubmit} method="post" noValidate>
      <Stack>
        <Text>
          For {email}.{resetsFactor && " Your second factors were removed. Set up new ones afterwards."}
        </Text>
        <RefusalAlert refused={refused} />
        <input type="email" name="username" autoComplete="username" value={email} readOnly hidden />
        <NewPasswordField label="New password" key={form.key("password")} {...form.getInputProps("password")} />
        <Button type="submit" loading={isBusy}>
          Choose this password
        </Button>
      </Stack>
    </form>
  );
}
