import { z } from "zod";
import { AuditCheckpoint, AuditVerdict } from "#src/features/audit-log/contract";
import { IdInput, Name } from "#src/platform/contract/fields";

/** The host commands: their inputs, and their outputs with `--json`. */

const Email = z
  .email({ error: "must be an e-mail address" })
  .max(254)
  .transform((email) => email.toLowerCase());

/** Days until the key expires; absent for a key that does not expire. */
const ExpiresInDays = z.number().int().min(1).max(3650).optional();

/** The first operator, the root organization and its API key: once per installation. */
export const SetUp = z.strictObject({
  email: Email,
  organization: Name,
  name: Name.optional(),
  expiresInDays: ExpiresInDays,
});
export type SetUp = z.infer<typeof SetUp>;

export const CreateOrganization = z.strictObject({
  name: Name,
  owner: Email,
  upstreams: z.enum(["any", "checked"]).default("checked"),
  expiresInDays: ExpiresInDays,
});
export type CreateOrganization = z.infer<typeof CreateOrganization>;

export const CreateKey = z.strictObject({
  organization: IdInput,
  name: Name,
  role: z.enum(["viewer", "developer", "admin", "owner"]),
  expiresInDays: ExpiresInDays,
});
export type CreateKey = z.infer<typeof CreateKey>;

/** Confirms that the folder in the settings of this installation belongs to this gateway. */
export const AdoptGatewayFolder = z.strictObject({ gateway: Name.default("local") });
export type AdoptGatewayFolder = z.infer<typeof AdoptGatewayFolder>;

/** The key is only in this output: the database stores a hash. */
export const CreatedKey = z.object({ apiKeyId: z.string(), key: z.string() });
export type CreatedKey = z.infer<typeof CreatedKey>;

/**
 * `setupUrl`: a one-time link of half an hour, where the owner chooses a password; null for an owner with a password.
 */
export const CreatedOrganization = z.object({
  organizationId: z.string(),
  userId: z.string(),
  apiKey: CreatedKey,
  setupUrl: z.string().nullable(),
});
export type CreatedOrganization = z.infer<typeof CreatedOrganization>;

export const SetUpDone = CreatedOrganization.extend({ setupUrl: z.string() });
export type SetUpDone = z.infer<typeof SetUpDone>;

/** The person that a command changes. */
export const OperatorByEmail = z.strictObject({ email: Email });
export type OperatorByEmail = z.infer<typeof OperatorByEmail>;

export const ListOperators = z.strictObject({}).prefault({});

export const Operators = z.object({
  operators: z.array(
    z.object({
      userId: z.string(),
      email: z.string(),
      name: z.string().nullable(),
      organizations: z.array(z.object({ organizationId: z.string(), name: z.string(), role: z.string().nullable() })),
      /** `must_change`: the person has to choose a new password, for example with a link that is still unused. */
      password: z.enum(["set", "must_change", "none"]),
      totp: z.boolean(),
      passkeys: z.number().int(),
      /** The account is locked after too many recent wrong passwords or codes. */
      locked: z.boolean(),
    }),
  ),
});
export type Operators = z.infer<typeof Operators>;

/** `url`: a one-time link of half an hour, where its bearer chooses a password. */
export const OperatorReset = z.object({
  userId: z.string(),
  email: z.string(),
  endedSessions: z.number().int(),
  url: z.string(),
  expiresAt: z.string(),
});
export type OperatorReset = z.infer<typeof OperatorReset>;

export const UnlockedOperator = z.object({ userId: z.string(), email: z.string(), wasLocked: z.boolean() });
export type UnlockedOperator = z.infer<typeof UnlockedOperator>;

export const AdoptedGatewayFolder = z.object({ gatewayId: z.string(), folder: z.string() });
export type AdoptedGatewayFolder = z.infer<typeof AdoptedGatewayFolder>;

/** Verifies one log or all logs; with a checkpoint that was stored elsewhere, the log of that checkpoint. */
export const VerifyAuditLogs = z.strictObject({
  organization: IdInput.optional(),
  checkpoint: AuditCheckpoint.optional(),
});
export type VerifyAuditLogs = z.infer<typeof VerifyAuditLogs>;

export const AuditVerdicts = z.object({ logs: z.array(AuditVerdict) });
export type AuditVerdicts = z.infer<typeof AuditVerdicts>;

export const RotateSecrets = z.strictObject({}).prefault({});

/** The number of values that were re-encrypted with the current secret, in total and by table. */
export const RotatedSecrets = z.object({
  total: z.number().int(),
  resealed: z.record(z.string(), z.number().int()),
  /** Values that no configured secret can decrypt. */
  unreadable: z.number().int(),
});
export type RotatedSecrets = z.infer<typeof RotatedSecrets>;

export interface BreakGlassResults {
  readonly setup: SetUpDone;
  readonly "organization create": CreatedOrganization;
  readonly "key create": CreatedKey;
  readonly "gateway adopt": AdoptedGatewayFolder;
  readonly "audit verify": AuditVerdicts;
  readonly "secrets rotate": RotatedSecrets;
  readonly "operator list": Operators;
  readonly "operator reset-password": OperatorReset;
  readonly "operator reset-second-factor": OperatorReset;
  readonly "operator unlock": UnlockedOperator;
}

export type BreakGlassVerb = keyof BreakGlassResults;

/** The response of a command; `message` is one line for a person. */
export type BreakGlassResponse<Result = unknown> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly message: string };
