import { PasswordInput, type PasswordInputProps } from "@mantine/core";

/**
 * Mantine's password input with a fix: Mantine marks only the box around the input as invalid, which screen readers
 * ignore.
 */
export function PasswordField(props: PasswordInputProps) {
  return (
    <PasswordInput
      visibilityToggleFocusable
      visibilityToggleButtonProps={{ "aria-label": "Show what is typed" }}
      {...(props.error ? { "aria-invalid": true } : {})}
      {...props}
    />
  );
}
