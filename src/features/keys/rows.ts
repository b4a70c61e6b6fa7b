import { and, count, eq, isNull, or } from "drizzle-orm";
import { apiKeys } from "#drizzle/api-keys";
import { members } from "#drizzle/members";
import { serviceAccounts } from "#drizzle/roles";
import type { Grant } from "#src/access/permissions";
import type { Principal } from "#src/access/principal";
import { requireGranted } from "#src/access/resolve-grant";
import { unchanged } from "#src/access/unit-of-work";
import type { Transaction } from "#src/database/database";
import { aheadInSql } from "#src/database/moments-in-sql";
import { Refusal } from "#src/platform/errors/refusal";
import { roleOfAccount } from "../service-accounts/rules";
import type { Key } from "./contract";

/** The columns that operations read, without the hash. */
export const keyColumns = {
  apiKeyId: apiKeys.apiKeyId,
  name: apiKeys.name,
  userId: apiKeys.userId,
  serviceAccountId: apiKeys.serviceAccountId,
  role: apiKeys.role,
  roleId: apiKeys.roleId,
  scopes: apiKeys.scopes,
  projectId: apiKeys.projectId,
  allowedIps: apiKeys.allowedIps,
  requestsPerMinute: apiKeys.requestsPerMinute,
  createdAt: apiKeys.createdAt,
  version: apiKeys.version,
  expiresAt: apiKeys.expiresAt,
  revokedAt: apiKeys.revokedAt,
  lastUsedAt: apiKeys.lastUsedAt,
  lastUsedIp: apiKeys.lastUsedIp,
  rotatedTo: apiKeys.rotatedTo,
  providerId: apiKeys.providerId,
};

/** A key as operations read it. */
export type KeyRow = Pick<typeof apiKeys.$inferSelect, keyof typeof keyColumns>;

/** The public form of a key. Gateways never receive keys. */
export function presentKey({ providerId: _, ...row }: KeyRow): Key {
  return {
    ...row,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    sync: { ...unchanged },
  };
}

/**
 * The holder of a new key: a person, a service account, or no holder (if a key of the host's command line creates it).
 */
export interface Holder {
  readonly userId: string | null;
  readonly serviceAccountId: string | null;
  /** The grant of the service account. Its keys cannot exceed it. */
  readonly account: Grant | null;
}

interface OrganizationTransaction {
  readonly tx: Transaction;
  readonly organizationId: string;
}

/**
 * Locks the holder of a new key until the transaction ends, so that the holder stays a member and their other keys can
 * be counted.
 * @param serviceAccountId of the input; without it the key belongs to the caller
 * @throws Refusal `not_found` no such service account | `no_organization` the caller has left
 */
export async function lockHolder(
  { tx, organizationId }: OrganizationTransaction,
  principal: Principal,
  serviceAccountId: string | null,
): Promise<Holder> {
  const accountId = serviceAccountId ?? (principal.kind === "apiKey" ? principal.serviceAccountId : null);
  if (accountId !== null) {
    const [account] = await tx
      .select({ role: serviceAccounts.role, roleId: serviceAccounts.roleId })
      .from(serviceAccounts)
      .where(and(eq(serviceAccounts.serviceAccountId, accountId), eq(serviceAccounts.organizationId, organizationId)))
      .for("no key update");
    if (!account) throw new Refusal("not_found", { kind: "serviceAccount", id: accountId });
    const { grant } = await requireGranted(tx, organizationId, roleOfAccount(account));
    return { userId: null, serviceAccountId: accountId, account: grant };
  }
  const userId = principal.kind === "commandLine" ? null : principal.userId;
  if (userId !== null) {
    const [member] = await tx
      .select({ memberId: members.memberId })
      .from(members)
      .where(and(eq(members.userId, userId), eq(members.organizationId, organizationId)))
      .for("no key update");
    if (!member) throw new Refusal("no_organization");
  }
  return { userId, serviceAccountId: null, account: null };
}

/**
 * Checks that a member or a service account may have one more live key. The holder is locked (`lockHolder`). A rotated
 * key is about to expire and does not count.
 * @throws Refusal `too_many_keys`
 */
export async function requireRoom(
  { tx, organizationId }: OrganizationTransaction,
  { userId, serviceAccountId }: Holder,
  atMost: number,
  now: Date,
): Promise<void> {
  if (userId === null && serviceAccountId === null) return;
  const whose =
    serviceAccountId === null ? eq(apiKeys.userId, userId ?? "") : eq(apiKeys.serviceAccountId, serviceAccountId);
  const [row] = await tx
    .select({ live: count() })
    .from(apiKeys)
    .where(
      and(
        eq(apiKeys.organizationId, organizationId),
        whose,
        isNull(apiKeys.revokedAt),
        isNull(apiKeys.rotatedTo),
        or(isNull(apiKeys.expiresAt), aheadInSql(apiKeys.expiresAt, now)),
      ),
    );
  if ((row?.live ?? 0) >= atMost) {
    throw new Refusal("too_many_keys", { most: atMost });
  }
}
