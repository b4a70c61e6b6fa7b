import type { PasswordInputProps } from "@mantine/core";
import { PasswordField } from "./password-field";

/** The field for a password that a person chooses. */
export function NewPasswordField(props: PasswordInputProps) {
  return (
    <PasswordField
      description="At least 12 characters. Several unrelated words work well."
      autoComplete="new-password"
      required
      {...props}
    />
  );
}
