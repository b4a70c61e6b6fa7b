import { z } from "zod";
import { emailProofs } from "#src/platform/contract/email-proofs";
import { IdInput, Moment, Name, pageFields, pageOf, Version } from "#src/platform/contract/fields";
import { Sync } from "#src/platform/contract/sync-state";

/** A URL of a provider. The issuer in tokens is compared with it character by character. */
const ProviderUrl = z
  .string()
  .trim()
  .max(2_000)
  .refine(isProviderUrl, { error: "must be a URL with https (or http), without a user, a query or a fragment" });

/** People may paste the discovery URL of a provider. */
const Issuer = ProviderUrl.refine((text) => !/\/\.well-known(?:\/|$)/.test(text), {
  error: "must be the issuer itself, without /.well-known/openid-configuration",
});

function isProviderUrl(text: string): boolean {
  if (!/^https?:\/\/[^\s?#@\\]+$/.test(text) || !URL.canParse(text)) return false;
  return ["http:", "https:"].includes(new URL(text).protocol);
}

const Email = z
  .email({ error: "must be an e-mail address" })
  .max(254)
  .transform((email) => email.toLowerCase());

const Domain = z
  .string()
  .max(253)
  .transform((domain) => domain.toLowerCase())
  .refine((domain) => /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/.test(domain), {
    error: "must be a domain, for example example.org",
  });

/** The group's name as the provider writes it. */
const Group = z
  .string()
  .min(1)
  .max(500)
  .refine((group) => !/\p{Cc}|\p{Cs}/u.test(group), { error: "control_character" });

const Scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/, { error: "must be a scope" });
const Claim = z.string().regex(/^[\w:./-]{1,200}$/, { error: "must be the name of a claim" });
const ClientText = z
  .string()
  .min(1)
  .max(4_000)
  .refine((text) => !/\p{Cc}|\p{Cs}/u.test(text), { error: "control_character" });

const list = <T extends z.ZodType>(item: T) => z.array(item).max(200);
const builtIn = z.enum(["viewer", "developer", "admin", "owner"]);
const mapped = <T extends z.ZodType<string>>(role: T) =>
  z.record(Group, role).refine((groups) => Object.keys(groups).length <= 200, { error: "too_big" });

/** The fields of a provider, independent of its source. */
const fields = {
  /** "Sign in with <name>". */
  name: Name,
  /** With or without its trailing slash. The issuer in the provider's metadata is compared with tokens. */
  issuer: Issuer,
  clientId: ClientText,
  scopes: list(Scope).transform((scopes) => [...new Set(["openid", ...scopes])]),
  groupsClaim: Claim,
  /** A person in one of the three lists may sign in. If all three are empty, everyone may. */
  allowedEmails: list(Email),
  allowedDomains: list(Domain),
  allowedGroups: list(Group),
  /** A verified address of these domains identifies the account that has this address. */
  trustedDomains: list(Domain),
  /** The proof of an address: the claim `email_verified` or `xms_edov`, or the domain, at an issuer of one tenant. */
  emailProof: z.enum(emailProofs),
  /** Whether an unknown person gets an account at the first sign-in. */
  createsPersons: z.boolean(),
};

const defaults = {
  scopes: fields.scopes.default(["openid", "email", "profile"]),
  groupsClaim: fields.groupsClaim.default("groups"),
  allowedEmails: fields.allowedEmails.default([]),
  allowedDomains: fields.allowedDomains.default([]),
  allowedGroups: fields.allowedGroups.default([]),
  trustedDomains: fields.trustedDomains.default([]),
  emailProof: fields.emailProof.default("email_verified"),
  createsPersons: fields.createsPersons.default(false),
};

/** Ways to sign in that do not belong to a provider: `/api/auth/callback/<one of these>`. */
const taken = new Set(["password", "second-factor", "passkey", "trusted-header", "invitation", "link", "csrf"]);

/** One of the installation's providers, as it is configured in the settings. */
export const SettingsProvider = z.strictObject({
  ...fields,
  ...defaults,
  /** In the redirect address: `<public URL>/api/auth/callback/<slug>`. */
  slug: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, {
      error: "must be 1 to 40 lower-case letters, digits or hyphens",
    })
    .refine((slug) => !taken.has(slug), { error: "must not be a word that is another way to sign in" }),
  /** The URL by which this server reaches the issuer. */
  internalUrl: ProviderUrl.nullable().default(null),
  clientSecret: ClientText.nullable().default(null),
  /** Group → built-in role in the root organization. */
  groupRoles: mapped(builtIn).default({}),
});
export type SettingsProvider = z.infer<typeof SettingsProvider>;

export const SettingsProviders = z
  .array(SettingsProvider)
  .max(50)
  .refine((providers) => new Set(providers.map(({ slug }) => slug)).size === providers.length, {
    error: "must have slugs that differ",
  });

/** Group → built-in role, for people who sign in by the trusted header. */
export const GroupRoles = mapped(builtIn);

/** A built-in role, or the id of a custom role. */
const RoleOrId = z.union([builtIn, IdInput]);

export const CreateProvider = z.strictObject({
  ...fields,
  ...defaults,
  internalUrl: ProviderUrl.nullable().default(null),
  /** Omitted for a public client. */
  clientSecret: ClientText.optional(),
  groupRoles: mapped(RoleOrId).default({}),
  enabled: z.boolean().default(true),
});
export type CreateProvider = z.infer<typeof CreateProvider>;

export const ProviderById = z.strictObject({ providerId: IdInput });

/** Omitted fields stay unchanged. `clientSecret: null` makes it a public client. */
export const UpdateProvider = z.strictObject({
  providerId: IdInput,
  ...z
    .object({ ...fields, internalUrl: ProviderUrl.nullable(), groupRoles: mapped(RoleOrId), enabled: z.boolean() })
    .partial().shape,
  clientSecret: ClientText.nullable().optional(),
});
export type UpdateProvider = z.infer<typeof UpdateProvider>;

export const ListProviders = z.strictObject(pageFields).prefault({});
export type ListProviders = z.infer<typeof ListProviders>;

/** Without the client secret. */
export const Provider = z.object({
  providerId: z.string(),
  /** In the redirect address. */
  slug: z.string(),
  name: z.string(),
  issuer: z.string(),
  internalUrl: z.string().nullable(),
  clientId: z.string(),
  scopes: z.array(z.string()),
  groupsClaim: z.string(),
  allowedEmails: z.array(z.string()),
  allowedDomains: z.array(z.string()),
  allowedGroups: z.array(z.string()),
  groupRoles: z.record(z.string(), z.string()),
  trustedDomains: z.array(z.string()),
  emailProof: z.enum(emailProofs),
  createsPersons: z.boolean(),
  enabled: z.boolean(),
  createdAt: Moment,
  version: Version,
  /**
   * Whether it is configured in `PORTCULLIS_OIDC_PROVIDERS`: only the settings can change it. The root organization
   * sees these providers.
   */
  fromSettings: z.boolean(),
  /**
   * The last sign-in that was refused because of the provider's response or configuration. It does not identify a
   * person.
   */
  lastRefusal: z
    .object({
      reason: z.string(),
      /** An explanation, and what to do. */
      message: z.string(),
      at: Moment,
      /** The number of consecutive refusals. */
      count: z.number(),
    })
    .nullable(),
  /** The redirect URI to register at the provider. */
  redirectUri: z.string(),
  sync: Sync,
});
export type Provider = z.infer<typeof Provider>;

/** What this server got from a provider, step by step. `skipped`: an earlier step failed. */
export const TestedProvider = z.object({
  discovery: z.enum(["ok", "provider_unavailable", "discovery_issuer_mismatch", "discovery_invalid"]),
  /** The keys with which the provider signs its tokens. */
  keys: z.enum(["ok", "keys_unavailable", "keys_invalid", "skipped"]),
});
export type TestedProvider = z.infer<typeof TestedProvider>;

export const ProviderPage = pageOf(Provider);

/** The organization of the sign-in page. An organization's own providers are shown only to visitors who name it. */
export const ListSignInButtons = z
  .strictObject({
    organization: z
      .string()
      .regex(/^[a-z0-9-]{1,63}$/)
      .optional(),
  })
  .prefault({});
export type ListSignInButtons = z.infer<typeof ListSignInButtons>;

/** "Sign in with <name>": a form to `/api/auth/signin/<slug>`. */
export const SignInButtons = z.array(z.object({ slug: z.string(), name: z.string() }));
