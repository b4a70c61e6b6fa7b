import { and, asc, eq, gt, inArray, isNull, sql } from "drizzle-orm";
import { auditEntries } from "#drizzle/audit";
import { claims } from "#drizzle/routes";
import type { Runtime } from "#src/access/runtime";
import type { Transaction } from "#src/database/database";
import { newId } from "#src/platform/ids";
import { inPages } from "#src/platform/in-pages";
import { hostOfOrigin, type ReservedFor, reservedFor } from "#src/platform/net/reserved-hosts";

/** The number of claims in one transaction. */
const pageSize = 500;
const action = "claims.found_reserved";

interface ReservedClaim {
  readonly claimId: string;
  readonly organizationId: string;
  readonly gatewayId: string;
  readonly host: string;
  readonly reserved: ReservedFor;
}

/**
 * Logs host claims that could not be made today, at every start, and audits each of them once. The claims stay, and an
 * administrator decides, because their routes may be in use. Such a claim was made before the public address was set or
 * changed, before the list of public suffixes had the name, or by an earlier version.
 */
export async function reportReservedClaims(
  runtime: Pick<Runtime, "database" | "clock" | "log" | "signIn">,
): Promise<readonly ReservedClaim[]> {
  const { database, log, signIn } = runtime;
  const publicHost = hostOfOrigin(signIn.publicOrigin);
  const found: ReservedClaim[] = [];
  for (let after = ""; ; ) {
    const page = await database.transaction("host", null, (tx) => pageOfHosts(tx, after));
    for (const { host, ...claim } of page) {
      const reserved = reservedFor(host, publicHost);
      if (reserved !== null) found.push({ ...claim, host, reserved });
    }
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.claimId;
  }
  for (const claim of found) {
    log.warn(claim, "an organization holds a reserved host: delete its routes there, then release the claim");
  }
  for (const part of inPages(found, pageSize)) {
    await database.transaction("host", null, (tx) => auditOnce(tx, part, runtime.clock.now()));
  }
  return found;
}

function pageOfHosts(tx: Transaction, after: string) {
  return tx
    .select({
      claimId: claims.claimId,
      organizationId: claims.organizationId,
      gatewayId: claims.gatewayId,
      host: claims.value,
    })
    .from(claims)
    .where(and(eq(claims.kind, "host"), isNull(claims.endsAt), gt(claims.claimId, after)))
    .orderBy(asc(claims.claimId))
    .limit(pageSize);
}

async function auditOnce(tx: Transaction, found: readonly ReservedClaim[], now: Date): Promise<void> {
  // Processes that start concurrently find the same claims.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('portcullis:reserved-claims', 0))`);
  const known = await tx
    .select({ claimId: auditEntries.objectId })
    .from(auditEntries)
    .where(
      and(
        inArray(auditEntries.organizationId, [...new Set(found.map(({ organizationId }) => organizationId))]),
        inArray(
          auditEntries.objectId,
          found.map(({ claimId }) => claimId),
        ),
        eq(auditEntries.action, action),
      ),
    );
  const audited = new Set(known.map(({ claimId }) => claimId));
  const requestId = newId("request");
  const entries = found
    .filter(({ claimId }) => !audited.has(claimId))
    .map(({ claimId, organizationId, host, reserved }) => ({
      auditId: newId("audit"),
      organizationId,
      actorKind: "system" as const,
      requestId,
      action,
      outcome: "done" as const,
      objectKind: "claim",
      objectId: claimId,
      objectName: host,
      changed: { reserved },
      createdAt: now,
    }));
  if (entries.length > 0) await tx.insert(auditEntries).values(entries);
}
