import type { AuditLog } from "#src/features/audit-log/rows";
import { newId } from "#src/platform/ids";
import { auditEntryRows } from "./rows/audit";
import type { Statements } from "./rows/table";
import type { World } from "./world";

/** Reads a log without authorization, to verify it. */
export function logOf({ runtime }: Pick<World, "runtime">, organizationId: string): AuditLog {
  const { database, signer } = runtime;
  return { organizationId, signer, read: (body) => database.transaction("host", null, body) };
}

interface Options {
  readonly createdAt?: Date;
  readonly changed?: Record<string, unknown>;
}

/** Inserts entries of an organization without any operation. */
export async function insertEntries(
  { db }: Pick<World, "db">,
  organizationId: string,
  count: number,
  { createdAt = new Date(), changed = { z: 1, a: { y: [1, { c: 2, b: null }] } } }: Options = {},
): Promise<void> {
  const requestId = newId("request");
  const entries = Array.from({ length: count }, () => ({ organizationId, requestId, changed, createdAt }));
  await auditEntryRows.insertAll(db.owner, entries);
}

/** Changes entries that no product code can change. */
export async function tamper(
  { db }: Pick<World, "db">,
  ...changes: readonly ((owner: Statements) => Promise<unknown>)[]
): Promise<void> {
  await db.asOwner("alter table audit_entries disable trigger all");
  for (const change of changes) await change(db.owner);
  await db.asOwner("alter table audit_entries enable trigger all");
}
