import type { Authorized } from "../../access/authorized";
import type { Organization } from "../../access/organization";
import type { Transaction } from "../../database/database";
import type { Signer } from "../../database/signing";

/** What it takes to read a log: an organization's, or the installation's own. */
export type LogReader = Authorized<"audit:read", Organization> | Authorized<"installation-audit:read", Organization>;

/** One log, as whoever reads it sees it. */
export interface AuditLog {
  /** Whose entries these are: an organization's id, or the installation's. */
  readonly organizationId: string;
  readonly signer: Signer;
  /** By which it is judged whether an entry should have been sealed; without it, the database's clock. */
  readonly now?: Date;
  /** Runs queries in a transaction that sees this log. */
  read<T>(body: (tx: Transaction) => Promise<T>): Promise<T>;
}

/** The log that somebody may read: which one follows from the permission. */
export function auditLogOf({ permission, request, organization }: LogReader): AuditLog {
  const { database, signer, installationId, clock } = request.runtime;
  return {
    organizationId: permission === "installation-audit:read" ? installationId : organization.organizationId,
    signer,
    now: clock.now(),
    read: (body) => database.transaction("tenant", organization.organizationId, body),
  };
}
