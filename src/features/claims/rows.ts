import { sql } from "drizzle-orm";
import type { claims } from "#drizzle/routes";
import type { Runtime } from "#src/access/runtime";
import { type SyncTicket, unchanged } from "#src/access/unit-of-work";
import { rowsOf, type Transaction } from "#src/database/database";
import { newId } from "#src/platform/ids";
import { hostOfOrigin, reservedFor } from "#src/platform/net/reserved-hosts";
import type { Claim } from "./contract";

/** The public form of a claim. */
export function presentClaim(
  row: typeof claims.$inferSelect,
  { signIn }: Pick<Runtime, "signIn">,
  sync: SyncTicket = unchanged,
): Claim {
  return {
    claimId: row.claimId,
    gatewayId: row.gatewayId,
    kind: row.kind,
    value: row.value,
    reserved: row.kind === "host" ? reservedFor(row.value, hostOfOrigin(signIn.publicOrigin)) : null,
    createdAt: row.createdAt.toISOString(),
    sync: { changeId: sync.changeId, state: sync.state },
  };
}

/**
 * Claims belong to the organization of the transaction. The functions see the claims of every organization, under one
 * lock per gateway that lasts until the transaction ends, and return only whether the claim succeeded.
 */

export type HostClaim =
  | { readonly outcome: "taken" }
  /**
   * `claimed`: this call created the claim, so its deny has to be delivered. `held`: the organization already had the
   * claim.
   */
  | { readonly outcome: "claimed" | "held"; readonly denyGroup: number };

/** Claims a host name; an overlap with another organization's wildcard or name counts as taken. */
export async function claimHost(tx: Transaction, gatewayId: string, host: string, now: Date): Promise<HostClaim> {
  const wildcard = host.startsWith("*.");
  const parent = host.slice(host.indexOf(".") + 1);
  const result = await tx.execute(
    sql`select outcome, deny_group from portcullis_claim_host(${newId("claim")}, ${gatewayId}, ${host}, ${parent}, ${wildcard}, ${now.toISOString()}::timestamptz)`,
  );
  const [row] = rowsOf<{ outcome: "taken" | "claimed" | "held"; deny_group: number | null }>(result);
  if (!row || row.outcome === "taken" || row.deny_group === null) return { outcome: "taken" };
  return { outcome: row.outcome, denyGroup: row.deny_group };
}

/** Claims upstream addresses, all or none of them. */
export async function claimUpstreams(
  tx: Transaction,
  gatewayId: string,
  keys: readonly string[],
  now: Date,
): Promise<"taken" | "claimed"> {
  const ids = keys.map(() => newId("claim"));
  const result = await tx.execute(
    sql`select portcullis_claim_upstreams(${textArray(ids)}, ${gatewayId}, ${textArray(keys)}, ${now.toISOString()}::timestamptz) as outcome`,
  );
  return rowsOf<{ outcome: "taken" | "claimed" }>(result)[0]?.outcome ?? "taken";
}

/** Which of these hosts or upstream addresses belong to another organization at a gateway. Nothing is claimed. */
export async function takenByOthers(
  tx: Transaction,
  gatewayId: string,
  kind: "host" | "upstream",
  values: readonly string[],
): Promise<string[]> {
  if (values.length === 0) return [];
  const result = await tx.execute(
    sql`select taken from portcullis_taken_by_others(${gatewayId}, ${kind}, ${textArray(values)}) taken`,
  );
  return rowsOf<{ taken: string }>(result).map(({ taken }) => taken);
}

/** Releases the claims of those addresses that no route of the organization uses now. */
export async function releaseUpstreams(tx: Transaction, gatewayId: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await tx.execute(sql`select portcullis_release_upstreams(${gatewayId}, ${textArray(keys)})`);
}

/** Ends a host claim that no route needs. */
export async function releaseHost(
  tx: Transaction,
  claimId: string,
  gatewayId: string,
): Promise<"released" | "in_use" | "gone"> {
  const result = await tx.execute(sql`select portcullis_release_host(${claimId}, ${gatewayId}) as outcome`);
  return rowsOf<{ outcome: "released" | "in_use" | "gone" }>(result)[0]?.outcome ?? "gone";
}

/**
 * Ends the claims of the transaction's organization, which is being deleted. The claims, with hosts and denies, expire
 * later.
 */
export async function endClaims(tx: Transaction, endsAt: Date): Promise<void> {
  await tx.execute(sql`select portcullis_end_claims(${endsAt.toISOString()}::timestamptz)`);
}

function textArray(values: readonly string[]) {
  return sql`array[${sql.join(
    values.map((value) => sql`${value}`),
    sql`, `,
  )}]::text[]`;
}
