import {
  challenges,
  limits,
  oidcProviders,
  passkeys,
  passwords,
  recoveryCodes,
  sessions,
  totpSecrets,
} from "#drizzle/persons";
import { newId } from "#src/platform/ids";
import { factoryOf } from "./factory";

/** The hash is that of no password, unless a test states it. */
export const passwordRows = factoryOf(passwords, () => ({ hash: "!", changedAt: new Date() }));

/** A secret that is not confirmed yet, and cannot be opened unless a test states it. */
export const totpRows = factoryOf(totpSecrets, () => ({ secretSealed: "x", createdAt: new Date() }));

export const recoveryCodeRows = factoryOf(recoveryCodes, () => ({ hash: "x", createdAt: new Date() }));

export const passkeyRows = factoryOf(passkeys, () => {
  const passkeyId = newId("passkey");
  return {
    passkeyId,
    credentialId: passkeyId,
    publicKey: "none",
    counter: 0,
    transports: [] as string[],
    backedUp: false,
    name: "Key",
    createdAt: new Date(),
  };
});

/** A session that lasts a day. The hash is that of no token, unless a test states it. */
export const sessionRows = factoryOf(sessions, () => {
  const sessionId = newId("session");
  return {
    sessionId,
    hash: sessionId,
    stage: "full" as const,
    methods: ["password"],
    remember: false,
    local: false,
    createdAt: new Date(),
    lastSeenAt: new Date(),
    expiresAt: new Date(Date.now() + 86_400_000),
    idleSeconds: 7_200,
  };
});

export const challengeRows = factoryOf(challenges, () => ({ purpose: "test" }));

export const limitRows = factoryOf(limits, () => ({ expiresAt: new Date(Date.now() + 3_600_000) }));

export const providerRows = factoryOf(oidcProviders, () => ({
  providerId: newId("provider"),
  scopes: ["openid", "email", "profile"],
  allowedEmails: [] as string[],
  allowedDomains: [] as string[],
  allowedGroups: [] as string[],
  groupRoles: {} as Record<string, string>,
  trustedDomains: [] as string[],
  createsPersons: false,
  createdAt: new Date(),
}));
