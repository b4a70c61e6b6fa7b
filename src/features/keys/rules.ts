import { eq, sql } from "drizzle-orm";
import { apiKeys } from "#drizzle/api-keys";
import { atProject, canGive, effectivePermissions, isOwnKey } from "#src/access/authorization";
import type { Authorized } from "#src/access/authorized";
import { findProjectGrants } from "#src/access/member-grants";
import type { Permission } from "#src/access/permissions";
import { type Principal, personOf } from "#src/access/principal";
import type { Work } from "#src/access/unit-of-work";
import { rowsOf, type Transaction } from "#src/database/database";
import { limits, take } from "#src/identity/limits";
import { Refusal } from "#src/platform/errors/refusal";
import { earlier, isReached, later, readMoment, remainingMs } from "#src/platform/moment";
import { isNetwork } from "#src/platform/net/addresses";
import { areWithin } from "#src/platform/net/networks-within";
import type { CreateKey } from "./contract";
import type { LocatedKey } from "./resource";

/** In milliseconds. */
const day = 24 * 60 * 60 * 1000;

/** The default lifetime of a key: 90 days. */
const defaultLifeMs = 90 * day;

/** The latest time that `MomentInput` accepts. */
const latestMoment = readMoment("9999-12-31T23:59:59.999Z");

/** The latest time at which a new key may expire. */
export function latestEnd(now: Date, maxKeyDays: number | null): Date {
  return maxKeyDays === null ? latestMoment : earlier(latestMoment, later(now, maxKeyDays * day));
}

/**
 * When a new key expires.
 * @param requested the requested time, ISO 8601
 * @param latest the key may not live longer than this
 * @throws Refusal `expires_in_the_past` | `expires_too_late`
 */
export function endOfKey(requested: string | undefined, now: Date, latest: Date): Date {
  if (requested === undefined) return earlier(latest, later(now, defaultLifeMs));
  const end = readMoment(requested);
  if (isReached(end, now)) {
    throw new Refusal("expires_in_the_past", { expiresAt: requested });
  }
  if (!isReached(end, latest)) {
    throw new Refusal("expires_too_late", { expiresAt: requested, latest: latest.toISOString() });
  }
  return end;
}

/** When the replacement of a key expires. It has the full lifetime of the old key, from now on. */
export function endOfSuccessor(
  { createdAt, expiresAt }: { readonly createdAt: Date; readonly expiresAt: Date | null },
  now: Date,
  maxKeyDays: number | null,
): Date | null {
  if (expiresAt === null) return maxKeyDays === null ? null : latestEnd(now, maxKeyDays);
  return earlier(latestEnd(now, maxKeyDays), later(now, remainingMs(expiresAt, createdAt)));
}

/** The limits of a key in addition to its permissions. */
export interface KeyLimits {
  readonly allowedIps: string[] | null;
  readonly requestsPerMinute: number | null;
  /** It expires at this time at the latest. */
  readonly latest: Date;
}

/** The limits of the calling key. A person has none. */
interface Bounds {
  readonly allowedIps: string[] | null;
  readonly requestsPerMinute: number | null;
  readonly expiresAt: Date | null;
}

/** Requested limits of another key: null for no limit, omitted for no statement about it. */
type RequestedLimits = { readonly [K in "allowedIps" | "requestsPerMinute"]?: Bounds[K] | undefined };

/**
 * The limits of a new key: as requested, and, if a key creates it, never wider than that key's own limits.
 * @param latest the organization's maximum
 * @throws Refusal `above_making_key`
 */
export async function limitsOfNewKey(
  tx: Transaction,
  principal: Principal,
  requested: Pick<CreateKey, "allowedIps" | "requestsPerMinute">,
  latest: Date,
): Promise<KeyLimits> {
  requireNetworks(requested.allowedIps);
  const bounds = await requireLimitsWithinOwn(tx, principal, requested);
  return {
    allowedIps: requested.allowedIps ?? bounds.allowedIps,
    requestsPerMinute: requested.requestsPerMinute ?? bounds.requestsPerMinute,
    latest: bounds.expiresAt === null ? latest : earlier(latest, bounds.expiresAt),
  };
}

/**
 * A key cannot give a key wider limits than its own: not to a key that it creates or rotates, and not to itself.
 * @returns the limits of the caller
 * @throws Refusal `above_making_key`
 */
export async function requireLimitsWithinOwn(
  tx: Transaction,
  principal: Principal,
  { allowedIps, requestsPerMinute }: RequestedLimits,
): Promise<Bounds> {
  const own = await boundsOf(tx, principal);
  const hasMoreNetworks =
    own.allowedIps !== null &&
    allowedIps !== undefined &&
    (allowedIps === null || !areWithin(allowedIps, own.allowedIps));
  const hasHigherRate =
    own.requestsPerMinute !== null &&
    requestsPerMinute !== undefined &&
    (requestsPerMinute === null || requestsPerMinute > own.requestsPerMinute);
  if (hasMoreNetworks || hasHigherRate) {
    throw new Refusal("above_making_key");
  }
  return own;
}

async function boundsOf(tx: Transaction, principal: Principal): Promise<Bounds> {
  const { allowedIps, requestsPerMinute, expiresAt } = apiKeys;
  const [own] =
    principal.kind === "apiKey"
      ? await tx
          .select({ allowedIps, requestsPerMinute, expiresAt })
          .from(apiKeys)
          .where(eq(apiKeys.apiKeyId, principal.apiKeyId))
      : [];
  return own ?? { allowedIps: null, requestsPerMinute: null, expiresAt: null };
}

/** @throws Refusal `not_a_network` */
export function requireNetworks(allowedIps: readonly string[] | null | undefined): void {
  const wrong = allowedIps?.findIndex((network) => !isNetwork(network)) ?? -1;
  if (wrong >= 0) {
    throw new Refusal("not_a_network", { at: wrong, network: allowedIps?.[wrong] ?? "" });
  }
}

/**
 * The provider on which a new key depends: the provider that opened the session of the caller, or, for a calling key,
 * the provider that this key depends on. The new key ends when the groups of that provider end what they gave. The
 * holder is locked, so that a session that ends concurrently either ends the key too, or is found to be gone here.
 * @throws Refusal `session_ended`
 */
export async function providerOf({ tx }: { readonly tx: Transaction }, principal: Principal): Promise<string | null> {
  if (principal.kind === "commandLine") return null;
  if (principal.kind === "apiKey") {
    const [row] = await tx
      .select({ providerId: apiKeys.providerId })
      .from(apiKeys)
      .where(eq(apiKeys.apiKeyId, principal.apiKeyId));
    return row?.providerId ?? null;
  }
  const [session] = rowsOf<{ provider_id: string | null }>(
    await tx.execute(sql`select provider_id from portcullis_provider_of_session(${principal.sessionId}::text)`),
  );
  if (!session) throw new Refusal("session_ended");
  return session.provider_id;
}

/**
 * Callers cannot revoke or change a key that has more permissions than they have, at the organization or by its
 * holder's role at any project, except their own keys.
 * @throws Refusal `key_above_own`
 */
export async function requireKeyNotAboveOwn<P extends Permission>({
  tx,
  organizationId,
  authorized: { principal, organization, object },
}: Work<P, LocatedKey>): Promise<void> {
  if (isOwnKey(principal, object)) return;
  const ofHolder = await findProjectGrants(tx, organizationId, object.projectId === null ? object.userId : null);
  const own = await findProjectGrants(tx, organizationId, personOf(principal));
  const isAbove =
    !canGive(principal, organization, effectivePermissions(object), object.projectId) ||
    [...ofHolder].some(([projectId, project]) => {
      const holder = object.holder && { ...object.holder, project };
      const held = effectivePermissions({ grant: object.grant, holder, projectId });
      return !canGive(atProject(principal, own.get(projectId) ?? null), organization, held, projectId);
    });
  if (isAbove) throw new Refusal("key_above_own");
}

/**
 * Counts one key creation from the caller's address. All unknown addresses count as one. The host's command line is not
 * counted.
 * @throws Refusal `rate_limited`
 */
export async function takeKeyCreation<P extends Permission, O>({
  request: { runtime, ip },
  principal,
}: Authorized<P, O>): Promise<void> {
  const attempts = runtime.signIn.keyCreationsPerHour;
  if (attempts === 0 || principal.kind === "commandLine") return;
  await take(runtime, { ...limits.keyCreationByAddress, attempts }, ip ?? "unknown");
}
