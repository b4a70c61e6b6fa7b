import { Button, Modal, Stack, TextInput } from "@mantine/core";
import type { Passkey } from "#src/platform/contract/second-factors";
import { api } from "../requests/api";
import { RefusalAlert } from "../requests/refusal-alert";
import { useServerForm } from "../requests/use-server-form";

interface RenamePasskeyProps {
  /** The passkey to rename; null if the dialog is closed. */
  readonly passkey: Passkey | null;
  readonly onClose: () => void;
  readonly onRenamed: () => Promise<void>;
}

/** Renames a passkey in a dialog. */
export function RenamePasskey({ passkey, onClose, onRenamed }: RenamePasskeyProps) {
  return (
    <Modal
      opened={passkey !== null}
      onClose={onClose}
      title="Rename a passkey"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {passkey && (
        <RenameForm
          passkey={passkey}
          onDone={async () => {
            await onRenamed();
            onClose();
          }}
        />
      )}
    </Modal>
  );
}

function RenameForm({ passkey, onDone }: { passkey: Passkey; onDone: () => Promise<void> }) {
  const { form, isBusy, refused, onSubmit } = useServerForm({
    initialValues: { name: passkey.name },
    validate: { name: (name) => (name.trim() === "" ? "Enter a name." : null) },
    send: async ({ name }) => {
      await api.auth.passkeys.rename.mutate({ passkeyId: passkey.passkeyId, name });
      await onDone();
    },
  });
  return (
    <form onSubmit={onSubmit} method="post" noValidate>
      <Stack>
        <RefusalAlert refused={refused} />
        <TextInput label="Name" required data-autofocus key={form.key("name")} {...form.getInputProps("name")} />
        <Button type="submit" loading={isBusy}>
          Rename
        </Button>
      </Stack>
    </form>
  );
}
