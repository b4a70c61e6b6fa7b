import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import type { EnrolledTotp, SecondFactors } from "#src/platform/contract/second-factors";
import { api } from "../requests/api";
import { RefusalAlert } from "../requests/refusal-alert";
import { useRequest } from "../requests/use-request";
import { useProof } from "./proof";
import { Section } from "./section";
import { TotpForm } from "./totp-form";

interface SecondFactorSectionProps {
  readonly factors: SecondFactors;
  readonly onChanged: () => Promise<void>;
  readonly onRecoveryCodes: (codes: readonly string[]) => void;
}

/** The authenticator app, and the recovery codes for its loss. */
export function SecondFactorSection({ factors, onChanged, onRecoveryCodes }: SecondFactorSectionProps) {
  const [begun, setBegun] = useState<EnrolledTotp | null>(null);
  const { isBusy, refused, run } = useRequest();
  const withProof = useProof();
  const enrol = () => run(() => withProof(async (proof) => setBegun(await api.auth.totp.enrol.mutate(proof))));
  const remove = () =>
    run(() =>
      withProof(async (proof) => {
        await api.auth.totp.remove.mutate(proof);
        await onChanged();
      }),
    );
  const renew = () =>
    run(() =>
      withProof(async (proof) => {
        onRecoveryCodes((await api.auth.recoveryCodes.renew.mutate(proof)).recoveryCodes);
        await onChanged();
      }),
    );
  const hasFactor = factors.totp || factors.passkeys > 0;
  return (
    <Section title="Authenticator" about="An app that shows a 6-digit code. You enter the code after your password.">
      <RefusalAlert refused={refused} />
      <Group justify="space-between">
        <Group gap="sm">
          <Text fw={600}>Authenticator app</Text>
          <Badge color={factors.totp ? "teal.9" : "gray.8"} variant="filled">
            {factors.totp ? "on" : "off"}
          </Badge>
        </Group>
        {factors.totp ? (
          <Button variant="default" loading={isBusy} onClick={() => void remove()}>
            Remove authenticator
          </Button>
        ) : (
          <Button loading={isBusy} disabled={begun !== null} onClick={() => void enrol()}>
            Set up authenticator
          </Button>
        )}
      </Group>
      {begun && (
        <TotpForm
          enrolled={begun}
          onCancel={() => setBegun(null)}
          onConfirmed={async (codes) => {
            setBegun(null);
            onRecoveryCodes(codes);
            await onChanged();
          }}
        />
      )}
      {hasFactor && (
        <Group justify="space-between">
          <Stack gap={0}>
            <Text fw={600}>Recovery codes</Text>
            <Text c="dimmed">{factors.recoveryCodes} recovery codes left</Text>
          </Stack>
          <Button variant="default" loading={isBusy} onClick={() => void renew()}>
            Generate new codes
          </Button>
        </Group>
      )}
    </Section>
  );
}
