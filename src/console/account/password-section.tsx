import { Alert, Button, Stack } from "@mantine/core";
import { useState } from "react";
import { PasswordField } from "../fields/password-field";
import { api } from "../requests/api";
import { RefusalAlert } from "../requests/refusal-alert";
import { useServerForm } from "../requests/use-server-form";
import { Section } from "./section";

interface PasswordSectionProps {
  /** For password managers. */
  readonly email: string;
  readonly onChanged: () => Promise<void>;
}

/** Changes the password. All other sessions end. */
export function PasswordSection({ email, onChanged }: PasswordSectionProps) {
  const [ended, setEnded] = useState<number | null>(null);
  const { form, isBusy, refused, onSubmit } = useServerForm({
    initialValues: { currentPassword: "", newPassword: "" },
    validate: { newPassword: (password) => (password === "" ? "Enter a new password." : null) },
    send: async ({ currentPassword, newPassword }) => {
      setEnded(null);
      const present = currentPassword === "" ? {} : { currentPassword };
      const { endedSessions } = await api.auth.password.change.mutate({ ...present, newPassword });
      form.reset();
      setEnded(endedSessions);
      await onChanged();
    },
  });
  return (
    <Section title="Password" about="At least 12 characters. You will be signed out on all other devices.">
      <form onSubmit={onSubmit} method="post" noValidate>
        <Stack maw="26rem">
          <RefusalAlert refused={refused} />
          {ended !== null && (
            <Alert color="green" variant="outline" role="status">
              Password changed.{" "}
              {ended === 0 ? "You were not signed in anywhere else." : `Other sessions ended: ${ended}.`}
            </Alert>
          )}
          <input type="email" name="username" autoComplete="username" value={email} readOnly hidden />
          <PasswordField
            label="Current password"
            description="Leave empty if you do not have a password yet"
            autoComplete="current-password"
            key={form.key("currentPassword")}
            {...form.getInputProps("currentPassword")}
          />
          <PasswordField
            label="New password"
            autoComplete="new-password"
            required
            key={form.key("newPassword")}
            {...form.getInputProps("newPassword")}
          />
          <Button type="submit" loading={isBusy} style={{ alignSelf: "start" }}>
            Change password
          </Button>
        </Stack>
      </form>
    </Section>
  );
}
