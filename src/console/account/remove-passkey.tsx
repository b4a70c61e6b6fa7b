import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { Passkey } from "#src/platform/contract/second-factors";
import { api } from "../requests/api";
import { RefusalAlert } from "../requests/refusal-alert";
import { useRequest } from "../requests/use-request";
import { useProof } from "./proof";

interface RemovePasskeyProps {
  /** The passkey to remove; null if the dialog is closed. */
  readonly passkey: Passkey | null;
  readonly onClose: () => void;
  readonly onRemoved: () => Promise<void>;
}

/** Removes a passkey after a confirmation. */
export function RemovePasskey({ passkey, onClose, onRemoved }: RemovePasskeyProps) {
  const { isBusy, refused, run } = useRequest();
  const withProof = useProof();
  const remove = (passkeyId: string) =>
    run(() =>
      withProof(async (proof) => {
        await api.auth.passkeys.remove.mutate({ passkeyId, ...proof });
        onClose();
        await onRemoved();
      }),
    );
  return (
    <Modal opened={passkey !== null} onClose={onClose} title={`Remove ${passkey?.name ?? ""}?`} withCloseButton={false}>
      <Stack>
        <Text>This passkey will stop working. You can also delete it on your device.</Text>
        <RefusalAlert refused={refused} />
        <Group>
          <Button color="red" loading={isBusy} onClick={() => passkey && void remove(passkey.passkeyId)}>
            Remove
          </Button>
          <Button variant="default" onClick={onClose} data-autofocus>
            Keep it
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
