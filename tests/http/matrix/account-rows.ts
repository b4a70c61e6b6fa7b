import { newId } from "#src/platform/ids";
import { userRows } from "#tests/support/rows/members";
import { passkeyRows, sessionRows } from "#tests/support/rows/persons";
import type { World } from "#tests/support/world";

/** The caller of a procedure about their own account. */
export interface AccountCaller {
  readonly userId: string;
  readonly sessionId: string;
  readonly password: string;
  /** An organization of the caller, or null without a membership. */
  readonly organizationId: string | null;
}

export interface AccountRow {
  readonly title?: string;
  readonly input: (caller: AccountCaller) => Promise<Record<string, unknown>>;
  /** The status for a full session. */
  readonly full: number;
  /** The status for a session that waits for its second factor. */
  readonly pending: number;
  /** The status for a person without an organization, if it differs from `full`. */
  readonly withoutOrganization?: number;
}

const nothing = async () => ({});

/** Procedures about the caller's own account. Roles do not matter, and keys are refused. Expected statuses by hand. */
export function accountRows(world: World): Record<string, readonly AccountRow[]> {
  const passkey = async (userId: string) => {
    const { passkeyId } = await passkeyRows.insert(world.db.owner, { userId });
    return passkeyId;
  };
  const session = async (userId: string) => {
    const { sessionId } = await sessionRows.insert(world.db.owner, { userId });
    return sessionId;
  };
  const insertUser = async () => {
    const { userId } = await userRows.insert(world.db.owner, {});
    return userId;
  };
  const fullOnly = (full: number) => ({ full, pending: 403 });

  return {
    // An unknown invitation.
    "invitations.accept": [{ input: async () => ({ token: "A".repeat(43) }), ...fullOnly(404) }],
    "members.leave": [{ input: nothing, ...fullOnly(200), withoutOrganization: 403 }],
    "auth.secondFactors": [{ input: nothing, full: 200, pending: 200 }],
    "auth.setActiveOrganization": [
      {
        title: "the caller's own",
        input: async ({ organizationId }) => ({ organizationId: organizationId ?? newId("organization") }),
        ...fullOnly(200),
        withoutOrganization: 404,
      },
      {
        title: "of another organization",
        input: async () => ({ organizationId: (await world.organization()).organizationId }),
        ...fullOnly(404),
      },
    ],
    "auth.sessions.list": [{ input: nothing, full: 200, pending: 403 }],
    "auth.sessions.revoke": [
      {
        title: "the caller's own",
        input: async ({ userId }) => ({ sessionId: await session(userId) }),
        ...fullOnly(200),
      },
      {
        title: "of another person",
        input: async () => ({ sessionId: await session(await insertUser()) }),
        ...fullOnly(404),
      },
    ],
    "auth.sessions.revokeAll": [{ input: async () => ({ keepThis: true }), ...fullOnly(200) }],
    "auth.password.change": [
      {
        input: async ({ password }) => ({ currentPassword: password, newPassword: `Another ${newId("user")}` }),
        ...fullOnly(200),
      },
      {
        title: "without the current password",
        input: async () => ({ newPassword: `Another ${newId("user")}` }),
        ...fullOnly(403),
      },
    ],
    "profile.update": [{ input: async () => ({ name: "Ada Lovelace", locale: "de" }), ...fullOnly(200) }],
    "auth.totp.enrol": [{ input: nothing, ...fullOnly(200) }],
    // Nothing is enrolled, so every full session gets a conflict.
    "auth.totp.confirm": [{ input: async () => ({ code: "123456" }), ...fullOnly(409) }],
    "auth.totp.remove": [{ input: async ({ password }) => ({ password }), ...fullOnly(409) }],
    "auth.recoveryCodes.renew": [{ input: nothing, ...fullOnly(409) }],
    "auth.passkeys.enrolOptions": [{ input: nothing, ...fullOnly(200) }],
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
        ...fullOnly(400),
      },
    ],
    "auth.passkeys.list": [{ input: nothing, full: 200, pending: 403 }],
    "auth.passkeys.rename": [
      {
        title: "the caller's own",
        input: async ({ userId }) => ({ passkeyId: await passkey(userId), name: "Other" }),
        ...fullOnly(200),
      },
      {
        title: "of another person",
        input: async () => ({ passkeyId: await passkey(await insertUser()), name: "Other" }),
        ...fullOnly(404),
      },
    ],
    "auth.passkeys.remove": [
      {
        title: "the caller's own",
        input: async ({ userId }) => ({ passkeyId: await passkey(userId) }),
        ...fullOnly(200),
      },
      {
        title: "of another person",
        input: async () => ({ passkeyId: await passkey(await insertUser()) }),
        ...fullOnly(404),
      },
    ],
  };
}

/** Procedures for anonymous callers. Every caller on a page of this origin gets the same answer. */
export const publicRows: Record<string, { readonly input: Record<string, unknown> }> = {
  "auth.link": { input: { token: "A".repeat(43) } },
  "auth.passkeys.challenge": { input: {} },
  "auth.providers": { input: {} },
  "auth.requestPasswordReset": { input: { email: "stranger@example.org" } },
  "invitations.look": { input: { token: "A".repeat(43) } },
};
