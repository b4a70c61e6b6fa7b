import { z } from "zod";
import { IdInput, Moment, MomentInput, pageFields, pageOf, SearchText } from "#src/platform/contract/fields";

const ActorKind = z.enum(["person", "apiKey", "serviceAccount", "commandLine", "system", "anonymous"]);

/** The filter of entries. An entry has to match every given field. */
const filterFields = {
  actorId: IdInput.optional(),
  /** `security.create`, … */
  action: z
    .string()
    .regex(/^[\w.]{1,60}$/)
    .optional(),
  objectId: IdInput.optional(),
  /** The application, with the credentials and routes that it has now. */
  applicationId: IdInput.optional(),
  /** `application`, `credential`, … */
  objectKind: z
    .string()
    .regex(/^[a-zA-Z]{1,40}$/)
    .optional(),
  actorKind: ActorKind.optional(),
  /** A part of the action, the reason, or the name of the actor or the object. */
  text: SearchText.optional(),
  outcome: z.enum(["done", "refused"]).optional(),
  /** From this time on, ISO 8601. */
  from: MomentInput.optional(),
  /** Before this time. */
  to: MomentInput.optional(),
};

export const AuditFilter = z.strictObject(filterFields);
export type AuditFilter = Partial<z.infer<typeof AuditFilter>>;

export const ListAudit = z.strictObject({ ...filterFields, ...pageFields }).prefault({});
export type ListAudit = z.infer<typeof ListAudit>;

export const ExportAudit = z.strictObject({
  ...filterFields,
  /** JSON lines, or CSV with the column names in the first line. */
  format: z.enum(["jsonl", "csv"]).default("jsonl"),
  log: z.enum(["organization", "installation"]).default("organization"),
  /** The organization of the request, by its id or its slug, because a link sends no headers. */
  organization: z.string().optional(),
});
export type ExportAudit = z.infer<typeof ExportAudit>;

export const AuditEntryById = z.strictObject({ auditId: IdInput });

export const AuditEntry = z.object({
  auditId: z.string(),
  at: Moment,
  actor: z.object({
    kind: ActorKind,
    id: z.string().nullable(),
    /** The actor's name at that time. */
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
  /** `name`: the object's name at that time. */
  object: z.object({ kind: z.string().nullable(), id: z.string().nullable(), name: z.string().nullable() }),
  /**
   * The number of attempts that the entry represents. Of many identical attempts in a minute, only the first few have
   * separate entries.
   */
  count: z.number().int(),
  /** The fields that were changed: `[before, after]`, or the new value; never a secret. */
  changed: z.record(z.string(), z.unknown()).nullable(),
  /** Its position in the organization's chain; null until it is sealed, within a second. */
  sequence: z.number().int().nullable(),
  hash: z.string().nullable(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

export const AuditPage = pageOf(AuditEntry);

export const MakeCheckpoint = z.strictObject({}).prefault({});

/** How far a log was sealed at some time, signed by the installation. */
export const AuditCheckpoint = z.strictObject({
  organizationId: IdInput,
  /** 0 for a log without sealed entries. */
  sequence: z.number().int().min(0),
  hash: z.string().max(100),
  at: MomentInput,
  signature: z.string().max(100),
});
export type AuditCheckpoint = z.infer<typeof AuditCheckpoint>;

/** `checkpoint`: an earlier response of `checkpoint` that was stored elsewhere. */
export const VerifyAudit = z.strictObject({ checkpoint: AuditCheckpoint.optional() }).prefault({});
export type VerifyAudit = z.infer<typeof VerifyAudit>;

export const AuditVerdict = z.object({
  organizationId: z.string(),
  /** Every entry is unchanged, and was sealed in time. */
  intact: z.boolean(),
  /** The first position at which the chain is broken. */
  firstBroken: z
    .object({
      sequence: z.number().int(),
      auditId: z.string().nullable(),
      /**
       * `missing`: an entry is absent. `altered`: the entry differs from the one that was sealed there. `rewritten`:
       * the chain is consistent up to here, but differs from a checkpoint. `cut`: a checkpoint has more entries.
       * `unsealed`: all sealed entries are intact, but entries wait for longer than sealing takes, or nothing is sealed
       * yet.
       */
      why: z.enum(["missing", "altered", "rewritten", "cut", "unsealed"]),
    })
    .nullable(),
  /** The number of entries that were verified. */
  entries: z.number().int(),
  /** The position of the last verified entry, and its hash. */
  sequence: z.number().int(),
  hash: z.string(),
  /** Entries that wait to be sealed. They are not verified. */
  unsealed: z.number().int(),
  /** The last removal by retention: everything up to this position was deleted, and the removal is signed. */
  removed: z.object({ sequence: z.number().int(), entries: z.number().int(), at: Moment }).nullable(),
});
export type AuditVerdict = z.infer<typeof AuditVerdict>;
