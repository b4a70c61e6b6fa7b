import { Button, Group, Stack, Table, Text, TextInput } from "@mantine/core";
import { browserSupportsWebAuthn, startRegistration } from "@simplewebauthn/browser";
import { useState } from "react";
import type { Passkey } from "#src/platform/contract/second-factors";
import { api } from "../requests/api";
import { openPasskeyDialog } from "../requests/open-passkey-dialog";
import { RefusalAlert } from "../requests/refusal-alert";
import { useServerForm } from "../requests/use-server-form";
import { Moment } from "./moment";
import { useProof } from "./proof";
import { RemovePasskey } from "./remove-passkey";
import { RenamePasskey } from "./rename-passkey";
import { Section } from "./section";

interface PasskeysSectionProps {
  readonly passkeys: readonly Passkey[];
  readonly onChanged: () => Promise<void>;
  readonly onRecoveryCodes: (codes: readonly string[]) => void;
}

/** The passkeys of a person. Each passkey signs in without a password. */
export function PasskeysSection({ passkeys, onChanged, onRecoveryCodes }: PasskeysSectionProps) {
  const [renamed, setRenamed] = useState<Passkey | null>(null);
  const [removed, setRemoved] = useState<Passkey | null>(null);
  return (
    <Section title="Passkeys" about="Sign in with this device or a security key, without a password.">
      {passkeys.length === 0 ? (
        <Text>You do not have a passkey yet.</Text>
      ) : (
        <Table.ScrollContainer minWidth={500}>
          <Table aria-label="Passkeys">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th>Made</Table.Th>
                <Table.Th>Last used</Table.Th>
                <Table.Th />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {passkeys.map((passkey) => (
                <Table.Tr key={passkey.passkeyId}>
                  <Table.Td>{passkey.name}</Table.Td>
                  <Table.Td>
                    <Moment at={passkey.createdAt} />
                  </Table.Td>
                  <Table.Td>{passkey.lastUsedAt ? <Moment at={passkey.lastUsedAt} /> : "never"}</Table.Td>
                  <Table.Td>
                    <Group gap="xs" justify="end" wrap="nowrap">
                      <Button
                        size="xs"
                        variant="default"
                        aria-label={`Rename ${passkey.name}`}
                        onClick={() => setRenamed(passkey)}
                      >
                        Rename
                      </Button>
                      <Button
                        size="xs"
                        variant="default"
                        aria-label={`Remove ${passkey.name}`}
                        onClick={() => setRemoved(passkey)}
                      >
                        Remove
                      </Button>
                    </Group>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      <RenamePasskey passkey={renamed} onClose={() => setRenamed(null)} onRenamed={onChanged} />
      <RemovePasskey passkey={removed} onClose={() => setRemoved(null)} onRemoved={onChanged} />
      {browserSupportsWebAuthn() ? (
        <AddPasskey onChanged={onChanged} onRecoveryCodes={onRecoveryCodes} />
      ) : (
        <Text>Passkeys need HTTPS. Open this page with https:// to add one.</Text>
      )}
    </Section>
  );
}

function AddPasskey({ onChanged, onRecoveryCodes }: Omit<PasskeysSectionProps, "passkeys">) {
  const withProof = useProof();
  const { form, isBusy, refused, onSubmit } = useServerForm({
    initialValues: { name: "" },
    validate: { name: (name) => (name.trim() === "" ? "Enter a name for this passkey." : null) },
    send: ({ name }) =>
      withProof(async (proof) => {
        const optionsJSON = await api.auth.passkeys.enrolOptions.mutate(proof);
        const response = await openPasskeyDialog(() => startRegistration({ optionsJSON }));
        const { recoveryCodes } = await api.auth.passkeys.enrol.mutate({ response: asInput(response), name });
        form.reset();
        if (recoveryCodes) onRecoveryCodes(recoveryCodes);
        await onChanged();
      }),
  });
  return (
    <form onSubmit={onSubmit} method="post" noValidate>
      <Stack>
        <RefusalAlert refused={refused} />
        <Group align="end">
          <TextInput
            label="Name of a new passkey"
            placeholder="Laptop"
            required
            key={form.key("name")}
            {...form.getInputProps("name")}
          />
          <Button type="submit" loading={isBusy}>
            Add a passkey
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

type Registration = Awaited<ReturnType<typeof startRegistration>>;

/** Returns the parts of the browser's response that the API accepts. */
function asInput({ id, rawId, response }: Registration) {
  const { clientDataJSON, attestationObject, transports = [] } = response;
  return { id, rawId, type: "public-key" as const, response: { clientDataJSON, attestationObject, transports } };
}
