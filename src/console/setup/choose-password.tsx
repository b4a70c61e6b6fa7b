import { Button, Stack, Text } from "@mantine/core";
import { PasswordField } from "../fields/password-field";
import { RefusalAlert } from "../requests/refusal-alert";
import { signInBy } from "../requests/sign-in-requests";
import { useServerForm } from "../requests/use-server-form";
import { goOnFromLink } from "./go-on-from-link";

interface ChoosePasswordProps {
  readonly token: string;
  /** Whose password it is. */
  readonly email: string;
  /** The link was made because a second factor is lost. */
  readonly resetsFactor: boolean;
}

/** A password for an account that is there. */
export function ChoosePassword({ token, email, resetsFactor }: ChoosePasswordProps) {
  const { form, isBusy, refused, onSubmit } = useServerForm({
    initialValues: { password: "" },
    validate: { password: (password) => (password === "" ? "A password is needed." : null) },
    send: async ({ password }) => {
      await signInBy("link", { token, password });
      await goOnFromLink();
    },
  });
  return (
    <form onSubmit={onSubmit} method="post" noValidate>
      <Stack>
        <Text>
          For {email}.{resetsFactor && " Your second factors are removed: set up new ones afterwards."}
        </Text>
        <RefusalAlert refused={refused} />
        <input type="email" name="username" autoComplete="username" value={email} readOnly hidden />
        <PasswordField
          label="New password"
          description="12 characters at least; several words are good"
          autoComplete="new-password"
          required
          key={form.key("password")}
          {...form.getInputProps("password")}
        />
        <Button type="submit" loading={isBusy}>
          Choose this password
        </Button>
      </Stack>
    </form>
  );
}
