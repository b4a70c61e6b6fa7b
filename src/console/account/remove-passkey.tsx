import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { Passkey } from "../../platform/contract/second-factors";
import { api } from "../requests/api";
import { RefusalAlert } from "../requests/refusal-alert";
import { useRequest } from "../requests/use-request";
import { useProof } from "./proof";

interface RemovePasskeyProps {
  /** Null while none is removed. */
  readonly passkey: Passkey | null;
  readonly onClose: () => void;
  readonly onRemoved: () => Promise<void>;
}

/** Removes a passkey, once it is said twice. */
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
        <Text>It lets nobody in any more. What this device keeps of it is of no use then.</Text>
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
