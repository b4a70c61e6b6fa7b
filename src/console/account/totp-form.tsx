import { Button, Code, Group, Image, Stack, Text, TextInput } from "@mantine/core";
import type { EnrolledTotp } from "#src/platform/contract/second-factors";
import { api } from "../requests/api";
import { RefusalAlert } from "../requests/refusal-alert";
import { useServerForm } from "../requests/use-server-form";

interface TotpFormProps {
  readonly enrolled: EnrolledTotp;
  readonly onCancel: () => void;
  readonly onConfirmed: (recoveryCodes: readonly string[]) => Promise<void>;
}

/** Shows the secret as an image and as text, and asks for the first code as proof that the app has the secret. */
export function TotpForm({ enrolled, onCancel, onConfirmed }: TotpFormProps) {
  const { form, isBusy, refused, onSubmit } = useServerForm({
    initialValues: { code: "" },
    validate: { code: (code) => (code.trim() === "" ? "Enter the code that the app shows." : null) },
    send: async ({ code }) => {
      const { recoveryCodes } = await api.auth.totp.confirm.mutate({ code: code.trim() });
      await onConfirmed(recoveryCodes);
    },
  });
  return (
    <form onSubmit={onSubmit} method="post" noValidate>
      <Group align="start" gap="lg">
        <Image
          src={enrolled.qrCode}
          alt="QR code with the secret for your authenticator app"
          w={200}
          h={200}
          bg="white"
        />
        <Stack flex={1} miw="16rem">
          <Text>Scan this code with your app, or enter the secret in the app:</Text>
          <Code block data-testid="totp-secret">
            {enrolled.secret}
          </Code>
          <RefusalAlert refused={refused} />
          <TextInput
            label="Code that the app shows now"
            inputMode="numeric"
            autoComplete="one-time-code"
            autoFocus
            required
            key={form.key("code")}
            {...form.getInputProps("code")}
          />
          <Group>
            <Button type="submit" loading={isBusy}>
              Confirm
            </Button>
            <Button variant="default" onClick={onCancel}>
              Cancel
            </Button>
          </Group>
        </Stack>
      </Group>
    </form>
  );
}
