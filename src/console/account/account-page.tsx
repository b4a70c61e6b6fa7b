"use client";

import { Alert, Button, Loader, Stack, Text } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { Page } from "../frame/page";
import { RefusalAlert } from "../requests/refusal-alert";
import { returnAddress } from "../requests/return-address";
import { signOut } from "../requests/sign-in-requests";
import { useRequest } from "../requests/use-request";
import { PasskeysSection } from "./passkeys-section";
import { PasswordSection } from "./password-section";
import { ProofProvider } from "./proof";
import { RecoveryCodes } from "./recovery-codes";
import { SecondFactorSection } from "./second-factor-section";
import { SessionsSection } from "./sessions-section";
import { type Account, useAccount } from "./use-account";

/** The account page: password, second factors, passkeys, sessions. */
export function AccountPage() {
  const { account, refused, reload } = useAccount();
  const { isBusy, refused: notSignedOut, run } = useRequest();
  const leave = () => location.assign("/sign-in");
  const end = () => run(signOut).then((done) => done && leave());
  return (
    <Page
      title="Your account"
      actions={
        account && (
          <Button variant="default" size="xs" loading={isBusy} onClick={() => void end()}>
            Sign out
          </Button>
        )
      }
    >
      <RefusalAlert refused={refused ?? notSignedOut} />
      {account === null && refused === null && <Loader aria-label="Loading" />}
      {account && (
        <ProofProvider>
          <Sections account={account} onChanged={reload} onSignedOut={leave} />
        </ProofProvider>
      )}
    </Page>
  );
}

interface SectionsProps {
  readonly account: Account;
  readonly onChanged: () => Promise<void>;
  readonly onSignedOut: () => void;
}

function Sections({ account, onChanged, onSignedOut }: SectionsProps) {
  const { session, factors, passkeys, sessions } = account;
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const { email } = session.principal;
  const mustChange = session.pending === "password";
  useReturnWhenDone(session.pending === null && codes === null);
  return (
    <Stack gap="lg">
      <Text>
        {email} {session.organization && <>at {session.organization.name}</>}
      </Text>
      <Todo pending={session.pending} />
      <PasswordSection email={email ?? ""} onChanged={onChanged} />
      {!mustChange && (
        <>
          <SecondFactorSection factors={factors} onChanged={onChanged} onRecoveryCodes={setCodes} />
          <PasskeysSection passkeys={passkeys} onChanged={onChanged} onRecoveryCodes={setCodes} />
        </>
      )}
      <SessionsSection sessions={sessions} onChanged={onChanged} onSignedOut={onSignedOut} />
      <RecoveryCodes codes={codes} onClose={() => setCodes(null)} />
    </Stack>
  );
}

/** Shows what the person must do first. */
function Todo({ pending }: { pending: Account["session"]["pending"] }) {
  if (pending === "password") {
    return (
      <Alert color="yellow" variant="outline" title="Choose a new password">
        You can use the other functions after that.
      </Alert>
    );
  }
  if (pending === "enrolment") {
    return (
      <Alert color="yellow" variant="outline" title="Set up a second factor">
        Your organization requires one: an authenticator or a passkey. You can use the other functions after that.
      </Alert>
    );
  }
  return null;
}

/** Continues to the requested page after the person has completed the required step. */
function useReturnWhenDone(isDone: boolean): void {
  const wasDone = useRef(isDone);
  useEffect(() => {
    if (!isDone || wasDone.current || !new URLSearchParams(location.search).has("callbackUrl")) return;
    const target = returnAddress(location);
    if (new URL(target).pathname !== location.pathname) location.assign(target);
  }, [isDone]);
}
