import { z } from "zod";
import { IdInput, Name } from "./page";

/** The commands of the host's own command line: what they take and what they print with `--json`. */

const Email = z
  .email({ error: "must be an e-mail address" })
  .max(254)
  .transform((email) => email.toLowerCase());

/** Days until the key expires; without it, it does not. */
const ExpiresInDays = z.number().int().min(1).max(3650).optional();

/** The first operator, the founding organization and its API key: once per installation. */
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

/** Says that the folder which this installation is pointed at now is this gateway's. */
export const AdoptGatewayFolder = z.strictObject({ gateway: Name.default("local") });
export type AdoptGatewayFolder = z.infer<typeof AdoptGatewayFolder>;

/** The key is here and nowhere else: it is stored as a hash. */
export const CreatedKey = z.object({ apiKeyId: z.string(), key: z.string() });
export type CreatedKey = z.infer<typeof CreatedKey>;

export const CreatedOrganization = z.object({ organizationId: z.string(), userId: z.string(), apiKey: CreatedKey });
export type CreatedOrganization = z.infer<typeof CreatedOrganization>;

export const AdoptedGatewayFolder = z.object({ gatewayId: z.string(), folder: z.string() });
export type AdoptedGatewayFolder = z.infer<typeof AdoptedGatewayFolder>;

export interface BreakGlassResults {
  readonly setup: CreatedOrganization;
  readonly "organization create": CreatedOrganization;
  readonly "key create": CreatedKey;
  readonly "gateway adopt": AdoptedGatewayFolder;
}

export type BreakGlassVerb = keyof BreakGlassResults;

/** `message` is one line for a person. */
export type BreakGlassAnswer<Result = unknown> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly message: string };
