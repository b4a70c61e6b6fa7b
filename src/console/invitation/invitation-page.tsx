"use client";

import { Alert, Anchor, Loader, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import type { Session } from "#src/features/account/contract";
import type { LookedAtInvitation } from "#src/features/invitations/contract";
import { Page } from "../frame/page";
import { api } from "../requests/api";
import { csrfToken } from "../requests/cookies";
import { RefusalAlert } from "../requests/refusal-alert";
import { firstToAccount } from "../requests/return-address";
import { useLinkToken } from "../requests/use-link-token";
import { useRequest } from "../requests/use-request";
import { AcceptAsMember } from "./accept-as-member";
import { JoinForm } from "./join-form";

interface Seen {
  readonly invitation: LookedAtInvitation;
  /** Null if the person is not signed in. */
  readonly session: Session | null;
}

const invalidTexts = {
  unknown: "This invitation is unknown. Copy the whole link and open it again.",
  accepted: "This invitation was already accepted. Sign in.",
  revoked: "This invitation was cancelled. Ask the person who invited you for a new one.",
  expired: "This invitation has expired. Ask the person who invited you for a new one.",
  void: "This invitation is no longer valid. Ask the person who invited you for a new one.",
} as const;

/**
 * The page of an invitation link. A new person gets an account and a membership in one step; a person with an account
 * gets the membership.
 */
export function InvitationPage() {
  const token = useLinkToken();
  const [seen, setSeen] = useState<Seen | null>(null);
  const { refused, run } = useRequest();
  useEffect(() => {
    if (!token) return;
    void run(async () => {
      const invitation = await api.invitations.look.mutate({ token });
      const session = csrfToken() === null ? null : await api.auth.session.query().catch(() => null);
      if (invitation.state === "good" && session?.pending === "password") {
        location.assign(firstToAccount({ search: "?callbackUrl=%2Faccept-invitation", hash: location.hash }));
        return;
      }
      setSeen({ invitation, session });
    });
  }, [token, run]);
  const state = token === "" ? "unknown" : seen?.invitation.state;
  return (
    <Page
      title={seen?.invitation.organization ? `Join ${seen.invitation.organization.name}` : "Invitation"}
      width="narrow"
    >
      <RefusalAlert refused={refused} />
      {state === undefined && refused === null && <Loader aria-label="Loading" />}
      {state !== undefined && state !== "good" && (
        <>
          <Alert color="red" variant="outline">
            {invalidTexts[state]}
          </Alert>
          <Text>
            <Anchor href="/sign-in">Sign in</Anchor>
          </Text>
        </>
      )}
      {token && seen && state === "good" && <Good token={token} {...seen} />}
      <noscript>
        <Text>This needs JavaScript.</Text>
      </noscript>
    </Page>
  );
}

function Good({ token, invitation, session }: Seen & { token: string }) {
  const email = invitation.email ?? "";
  if (session === null || session.pending === "second_factor") return <JoinForm token={token} email={email} />;
  return <AcceptAsMember token={token} email={email} signedInAs={session.principal.email ?? ""} />;
}
