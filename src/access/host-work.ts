import { eq } from "drizzle-orm";
import { auditEntries } from "#drizzle/audit";
import { installation } from "#drizzle/installation";
import { organizations } from "#drizzle/organizations";
import type { Transaction } from "../database/database";
import { Refusal } from "../platform/errors/refusal";
import { newId } from "../platform/ids";
import type { Runtime } from "./runtime";
import type { AuditedObject } from "./unit-of-work";

/** What a command on the host needs from the process. It seals nothing, so it needs no secret. */
export type HostRuntime = Pick<Runtime, "database" | "clock" | "random">;

/**
 * One command of a person who can open the control socket or the data folder. It runs in one transaction, and the audit
 * log names the command line as the actor.
 */
export interface HostWork {
  readonly tx: Transaction;
  readonly now: Date;
  readonly random: Runtime["random"];
  /** Adds an audit entry with the name of the command as its action. */
  audit(organizationId: string, object: AuditedObject, changed?: Record<string, unknown>): void;
  /** Like `audit`, for an action that is not the command itself: `setup` also creates an organization. */
  auditAs(organizationId: string, action: string, object: AuditedObject, changed?: Record<string, unknown>): void;
}

/**
 * Runs a break-glass command in the role that may change the installation itself. A refusal is audited in the root
 * organization, or in the installation's own log while there is no root organization.
 * @param action the name of the action in the audit log
 */
export async function hostWork<T>(
  runtime: HostRuntime,
  action: string,
  body: (work: HostWork) => Promise<T>,
): Promise<T> {
  const { database, clock, random } = runtime;
  const now = clock.now();
  const actor = { actorKind: "commandLine" as const, requestId: newId("request"), createdAt: now };
  const entries: (typeof auditEntries.$inferInsert)[] = [];
  try {
    return await database.transaction("host", null, async (tx) => {
      const auditAs: HostWork["auditAs"] = (organizationId, done, object, changed) => {
        entries.push({
          ...actor,
          auditId: newId("audit"),
          organizationId,
          action: done,
          outcome: "done",
          objectKind: object.kind,
          objectId: object.id,
          objectName: object.name ?? null,
          changed: changed ?? null,
        });
      };
      const audit: HostWork["audit"] = (organizationId, object, changed) =>
        auditAs(organizationId, action, object, changed);
      const result = await body({ tx, now, random, audit, auditAs });
      if (entries.length > 0) await tx.insert(auditEntries).values(entries);
      return result;
    });
  } catch (error) {
    if (error instanceof Refusal) {
      const { reason } = error;
      await database.transaction("host", null, async (tx) => {
        const organizationId = (await findRootOrganization(tx)) ?? (await findInstallationId(tx));
        if (organizationId === null) return;
        await tx
          .insert(auditEntries)
          .values({ ...actor, auditId: newId("audit"), organizationId, action, outcome: "refused", reason });
      });
    }
    throw error;
  }
}

async function findInstallationId(tx: Transaction): Promise<string | null> {
  const [row] = await tx.select({ installationId: installation.installationId }).from(installation);
  return row?.installationId ?? null;
}

/** The organization that `setup` created; null before the set-up. */
export async function findRootOrganization(tx: Transaction): Promise<string | null> {
  const [row] = await tx
    .select({ organizationId: organizations.organizationId })
    .from(organizations)
    .where(eq(organizations.root, true));
  return row?.organizationId ?? null;
}
