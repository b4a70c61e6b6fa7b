import { z } from "zod";
import { IdInput, Moment, pageFields, pageOf } from "./page";

export const ListAudit = z
  .strictObject({
    objectId: IdInput.optional(),
    /** `security.create`, … */
    action: z
      .string()
      .regex(/^[\w.]{1,60}$/)
      .optional(),
    outcome: z.enum(["done", "refused"]).optional(),
    ...pageFields,
  })
  .prefault({});
export type ListAudit = z.infer<typeof ListAudit>;

export const AuditEntryById = z.strictObject({ auditId: IdInput });

export const AuditEntry = z.object({
  auditId: z.string(),
  at: Moment,
  actor: z.object({
    kind: z.enum(["person", "apiKey", "serviceAccount", "commandLine", "system", "anonymous"]),
    id: z.string().nullable(),
    /** What the actor was called then. */
    name: z.string().nullable(),
    apiKeyId: z.string().nullable(),
  }),
  requestId: z.string(),
  ip: z.string().nullable(),
  action: z.string(),
  outcome: z.enum(["done", "refused"]),
  reason: z.string().nullable(),
  object: z.object({ kind: z.string().nullable(), id: z.string().nullable() }),
  changed: z.record(z.string(), z.unknown()).nullable(),
  /** Its place in the organization's chain; null until it is sealed, within a second. */
  sequence: z.number().int().nullable(),
  hash: z.string().nullable(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

export const AuditPage = pageOf(AuditEntry);
