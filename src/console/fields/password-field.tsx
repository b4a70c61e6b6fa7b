import { PasswordInput, type PasswordInputProps } from "@mantine/core";

/** Mantine's password input; it says that it is invalid only at the box around it, which screen readers pass over. */
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
