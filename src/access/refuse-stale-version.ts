import { and, desc, eq } from "drizzle-orm";
import { auditEntries } from "#drizzle/audit";
import { Refusal } from "../platform/errors/refusal";
import type { Authorized } from "./authorized";
import type { Permission } from "./permissions";
import { readAs } from "./read-as";
import type { StaleVersion } from "./stale-version";

/**
 * Returns the refusal for an object that has another version than the caller expects. The organization's audit log says
 * who changed it last, and when.
 */
export async function refuseStaleVersion<P extends Permission, O>(
  authorized: Authorized<P, O>,
  { version }: StaleVersion,
): Promise<Refusal> {
  const { kind } = authorized.named;
  const [last] = await readAs(authorized, (tx) =>
    tx
      .select({ kind: auditEntries.actorKind, name: auditEntries.actorName, at: auditEntries.createdAt })
      .from(auditEntries)
      .where(
        and(
          eq(auditEntries.organizationId, authorized.organization.organizationId),
          eq(auditEntries.objectId, authorized.objectId),
          eq(auditEntries.outcome, "done"),
        ),
      )
      .orderBy(desc(auditEntries.auditId))
      .limit(1),
  );
  return new Refusal("stale_version", {
    kind,
    by: last === undefined ? null : { kind: last.kind, name: last.name },
    at: last?.at.toISOString() ?? null,
    version,
  });
}
