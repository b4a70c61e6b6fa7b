import { Button, Code, CopyButton, Group, Modal, Stack, Text } from "@mantine/core";

interface RecoveryCodesProps {
  /** Null if there are no codes to show. */
  readonly codes: readonly string[] | null;
  readonly onClose: () => void;
}

/** New recovery codes, which are shown once. */
export function RecoveryCodes({ codes, onClose }: RecoveryCodesProps) {
  const text = codes?.join("\n") ?? "";
  return (
    <Modal
      opened={codes !== null}
      onClose={onClose}
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
      title="Your recovery codes"
    >
      <Stack>
        <Text>
          Each lets you in once when you have nothing else. Keep them where you keep your passwords: they are shown only
          now, and those from before are worth nothing.
        </Text>
        <Code block data-testid="recovery-codes">
          {text}
        </Code>
        <Group>
          <CopyButton value={text}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? "Copied" : "Copy"}
              </Button>
            )}
          </CopyButton>
          <Button onClick={onClose}>I saved these codes</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
