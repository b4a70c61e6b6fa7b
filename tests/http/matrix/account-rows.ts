import { newId } from "../../../src/platform/ids";
import type { World } from "../../support/world";

/** Whoever asks about their own account. */
export interface Asking {
  readonly userId: string;
  readonly sessionId: string;
  readonly password: string;
  /** One of theirs; null for who is a member of none. */
  readonly organizationId: string | null;
}

export interface AccountRow {
  readonly title?: string;
  readonly input: (asking: Asking) => Promise<Record<string, unknown>>;
  /** To whoever is fully signed in. */
  readonly full: number;
  /** To a session that still waits for its second factor. */
  readonly waiting: number;
  /** To who is a member of no organization, where that is another. */
  readonly nowhere?: number;
}

const nothing = async () => ({});

/** A person's own account: roles say nothing about it, and no key reaches it. Expected answers by hand. */
export function accountRows(world: World): Record<string, readonly AccountRow[]> {
  const passkey = async (userId: string) => {
    const passkeyId = newId("passkey");
    await world.db.asOwner(
      `insert into passkeys (passkey_id, user_id, credential_id, public_key, counter, transports, backed_up, name, created_at)
       values ($1, $2, $1, 'none', 0, '{}', false, 'Key', now())`,
      [passkeyId, userId],
    );
    return passkeyId;
  };
  const session = async (userId: string) => {
    const sessionId = newId("session");
    await world.db.asOwner(
      `insert into sessions (session_id, hash, user_id, stage, methods, remember, local, created_at, last_seen_at, expires_at, idle_seconds)
       values ($1, $1, $2, 'full', '{password}', false, false, now(), now(), now() + interval '1 day', 7200)`,
      [sessionId, userId],
    );
    return sessionId;
  };
  const somebody = async () => {
    const userId = newId("user");
    await world.db.asOwner("insert into users (user_id, email, created_at) values ($1, $1, now())", [userId]);
    return userId;
  };
  const changes = (full: number) => ({ full, waiting: 403 });

  return {
    // Nobody's invitation.
    "invitations.accept": [{ input: async () => ({ token: "A".repeat(43) }), ...changes(404) }],
    "members.leave": [{ input: nothing, ...changes(200), nowhere: 403 }],
    "auth.secondFactors": [{ input: nothing, full: 200, waiting: 200 }],
    "auth.setActiveOrganization": [
      {
        title: "one's own",
        input: async ({ organizationId }) => ({ organizationId: organizationId ?? newId("organization") }),
        ...changes(200),
        nowhere: 404,
      },
      {
        title: "a stranger's",
        input: async () => ({ organizationId: (await world.organization()).organizationId }),
        ...changes(404),
      },
    ],
    "auth.sessions.list": [{ input: nothing, full: 200, waiting: 403 }],
    "auth.sessions.revoke": [
      { title: "one's own", input: async ({ userId }) => ({ sessionId: await session(userId) }), ...changes(200) },
      {
        title: "somebody else's",
        input: async () => ({ sessionId: await session(await somebody()) }),
        ...changes(404),
      },
    ],
    "auth.sessions.revokeAll": [{ input: async () => ({ keepThis: true }), ...changes(200) }],
    "auth.password.change": [
      {
        input: async ({ password }) => ({ currentPassword: password, newPassword: `Another ${newId("user")}` }),
        ...changes(200),
      },
      {
        title: "without the present one",
        input: async () => ({ newPassword: `Another ${newId("user")}` }),
        ...changes(403),
      },
    ],
    "auth.totp.enrol": [{ input: nothing, ...changes(200) }],
    // Nothing was enrolled: that is a conflict, and no question of who asks.
    "auth.totp.confirm": [{ input: async () => ({ code: "123456" }), ...changes(409) }],
    "auth.totp.remove": [{ input: async ({ password }) => ({ password }), ...changes(409) }],
    "auth.recoveryCodes.renew": [{ input: nothing, ...changes(409) }],
    "auth.passkeys.enrolOptions": [{ input: nothing, ...changes(200) }],
    "auth.passkeys.enrol": [
      {
        input: async () => ({
          name: "Key",
          response: {
            id: "a",
            rawId: "a",
            type: "public-key",
            response: { clientDataJSON: "e30", attestationObject: "e30" },
          },
        }),
        ...changes(400),
      },
    ],
    "auth.passkeys.list": [{ input: nothing, full: 200, waiting: 403 }],
    "auth.passkeys.rename": [
      {
        title: "one's own",
        input: async ({ userId }) => ({ passkeyId: await passkey(userId), name: "Other" }),
        ...changes(200),
      },
      {
        title: "somebody else's",
        input: async () => ({ passkeyId: await passkey(await somebody()), name: "Other" }),
        ...changes(404),
      },
    ],
    "auth.passkeys.remove": [
      { title: "one's own", input: async ({ userId }) => ({ passkeyId: await passkey(userId) }), ...changes(200) },
      {
        title: "somebody else's",
        input: async () => ({ passkeyId: await passkey(await somebody()) }),
        ...changes(404),
      },
    ],
  };
}

/** For whoever has not signed in: every caller is answered alike, from a page of ours. */
export const publicRows: Record<string, { readonly input: Record<string, unknown> }> = {
  "auth.link": { input: { token: "A".repeat(43) } },
  "auth.passkeys.challenge": { input: {} },
  "auth.providers": { input: {} },
  "invitations.look": { input: { token: "A".repeat(43) } },
};
