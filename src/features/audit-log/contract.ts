import { z } from "zod";
import { IdInput, Moment, MomentInput, pageFields, pageOf } from "../../platform/contract/page";

/** Which entries; everything that is given has to fit. */
const filterFields = {
  actorId: IdInput.optional(),
  /** `security.create`, … */
  action: z
    .string()
    .regex(/^[\w.]{1,60}$/)
    .optional(),
  objectId: IdInput.optional(),
  outcome: z.enum(["done", "refused"]).optional(),
  /** From this moment on, ISO 8601. */
  from: MomentInput.optional(),
  /** Before this moment. */
  to: MomentInput.optional(),
};

export const AuditFilter = z.strictObject(filterFields);
export type AuditFilter = Partial<z.infer<typeof AuditFilter>>;

export const ListAudit = z.strictObject({ ...filterFields, ...pageFields }).prefault({});
export type ListAudit = z.infer<typeof ListAudit>;

export const ExportAudit = z.strictObject({
  ...filterFields,
  /** JSON lines, or CSV with a line of names first. */
  format: z.enum(["jsonl", "csv"]).default("jsonl"),
  log: z.enum(["organization", "installation"]).default("organization"),
});
export type ExportAudit = z.infer<typeof ExportAudit>;

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
    sessionId: z.string().nullable(),
    /** `password,totp`, `apiKey`, … */
    authenticatedBy: z.string().nullable(),
  }),
  requestId: z.string(),
  ip: z.string().nullable(),
  action: z.string(),
  outcome: z.enum(["done", "refused"]),
  reason: z.string().nullable(),
  /** `name`: what the object was called then. */
  object: z.object({ kind: z.string().nullable(), id: z.string().nullable(), name: z.string().nullable() }),
  /** How many tries it stands for: of many that are the same in a minute, only the first few have entries of their own. */
  count: z.number().int(),
  /** The fields that were changed: `[before, after]`, or what they are since; never a secret. */
  changed: z.record(z.string(), z.unknown()).nullable(),
  /** Its place in the organization's chain; null until it is sealed, within a second. */
  sequence: z.number().int().nullable(),
  hash: z.string().nullable(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

export const AuditPage = pageOf(AuditEntry);

export const MakeCheckpoint = z.strictObject({}).prefault({});

/** How far a log was sealed at some moment, signed by the installation. */
export const AuditCheckpoint = z.strictObject({
  organizationId: IdInput,
  /** 0 for a log of which nothing was sealed. */
  sequence: z.number().int().min(0),
  hash: z.string().max(100),
  at: MomentInput,
  signature: z.string().max(100),
});
export type AuditCheckpoint = z.infer<typeof AuditCheckpoint>;

/** `checkpoint`: one that `checkpoint` answered before, and that was kept elsewhere. */
export const VerifyAudit = z.strictObject({ checkpoint: AuditCheckpoint.optional() }).prefault({});
export type VerifyAudit = z.infer<typeof VerifyAudit>;

export const AuditVerdict = z.object({
  organizationId: z.string(),
  /** Every entry is what it was, and was sealed in time. */
  intact: z.boolean(),
  /** The first place where the chain is not what it was. */
  firstBroken: z
    .object({
      sequence: z.number().int(),
      auditId: z.string().nullable(),
      /**
       * `missing`: an entry is not there. `altered`: it is not the one that was sealed there. `rewritten`: all up to
       * here fits, and is not what a checkpoint says. `cut`: a checkpoint knows of more. `unsealed`: all that is
       * sealed is intact, but entries wait for longer than sealing takes, or nothing is sealed yet.
       */
      why: z.enum(["missing", "altered", "rewritten", "cut", "unsealed"]),
    })
    .nullable(),
  /** How many entries were found good. */
  entries: z.number().int(),
  /** The place of the last good one, and its hash. */
  sequence: z.number().int(),
  hash: z.string(),
  /** Entries that wait to be sealed: they are not verified. */
  unsealed: z.number().int(),
  /** What retention removed last: everything up to this place is gone, and signed for. */
  removed: z.object({ sequence: z.number().int(), entries: z.number().int(), at: Moment }).nullable(),
});
export type AuditVerdict = z.infer<typeof AuditVerdict>;
