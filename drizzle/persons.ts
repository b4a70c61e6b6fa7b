import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { createdAt, id, moment, version } from "./columns";
import { users } from "./members";
import { organizations } from "./organizations";

/**
 * The data with which persons prove their identity. Only the role `identity` can read these tables, and no organization
 * owns a row.
 */

const userId = () =>
  id("user_id")
    .notNull()
    .references(() => users.userId, { onDelete: "cascade" });

export const passwords = pgTable("passwords", {
  userId: id("user_id")
    .primaryKey()
    .references(() => users.userId, { onDelete: "cascade" }),
  /** Argon2id in PHC form. An imported hash may be bcrypt, or SHA-256 in hex, until the next sign-in. */
  hash: text("hash").notNull(),
  changedAt: moment("changed_at").notNull(),
  /** If true, the person must change the password before anything else. */
  mustChange: boolean("must_change").notNull().default(false),
});

export const totpSecrets = pgTable("totp_secrets", {
  userId: id("user_id")
    .primaryKey()
    .references(() => users.userId, { onDelete: "cascade" }),
  /** Sealed for `totp_secrets:secret_sealed:<userId>`. */
  secretSealed: text("secret_sealed").notNull(),
  createdAt: createdAt(),
  /** It counts as a second factor from its first valid code on. */
  confirmedAt: moment("confirmed_at"),
  /** The time step of the last valid code. Codes of this step and of earlier ones are refused. */
  lastStep: bigint("last_step", { mode: "number" }),
});

export const recoveryCodes = pgTable(
  "recovery_codes",
  {
    userId: userId(),
    /** SHA-256 of the code, in hex. The code is random. */
    hash: text("hash").notNull(),
    createdAt: createdAt(),
    usedAt: moment("used_at"),
  },
  (table) => [primaryKey({ columns: [table.userId, table.hash] })],
);

export const passkeys = pgTable(
  "passkeys",
  {
    passkeyId: id("passkey_id").primaryKey(),
    userId: userId(),
    /** The authenticator's id of the credential, base64url. */
    credentialId: text("credential_id").notNull().unique(),
    /** COSE key, base64url. */
    publicKey: text("public_key").notNull(),
    counter: bigint("counter", { mode: "number" }).notNull(),
    transports: text("transports").array().notNull(),
    /** Whether the authenticator keeps a copy elsewhere. */
    backedUp: boolean("backed_up").notNull(),
    name: text("name").notNull(),
    createdAt: createdAt(),
    lastUsedAt: moment("last_used_at"),
  },
  (table) => [index("passkeys_by_user").on(table.userId)],
);

/** One sign-in of one browser. The row is the session: without it, the cookie is invalid. */
export const sessions = pgTable(
  "sessions",
  {
    sessionId: id("session_id").primaryKey(),
    /** SHA-256 of the 32 random bytes in the cookie, hex. */
    hash: text("hash").notNull().unique(),
    userId: userId(),
    /** The organization that requests are about, unless they name another one. */
    organizationId: id("organization_id"),
    /**
     * The organization whose provider opened it. The session is valid for that organization only, and not for the
     * person's own account.
     */
    boundTo: id("bound_to"),
    /** The OIDC provider that opened it. When the provider is deleted, so is the session. */
    providerId: id("provider_id"),
    /** `second_factor`: the password was correct, and a second factor is still required. */
    stage: text("stage", { enum: ["second_factor", "full"] }).notNull(),
    /** The presented methods: `password`, `totp`, `recovery_code`, `passkey`, `oidc`, `trusted_header`, `link`. */
    methods: text("methods").array().notNull(),
    remember: boolean("remember").notNull(),
    /** Opened at a loopback address of the host, where its cookie needs no TLS. It is not valid at other addresses. */
    local: boolean("local").notNull(),
    createdAt: createdAt(),
    /** At most a minute old while the session is used. */
    lastSeenAt: moment("last_seen_at").notNull(),
    /** Its absolute end, independent of use. */
    expiresAt: moment("expires_at").notNull(),
    /** It also ends this many seconds after it was last used. */
    idleSeconds: integer("idle_seconds").notNull(),
    ip: text("ip"),
    userAgent: text("user_agent"),
  },
  (table) => [
    index("sessions_by_user").on(table.userId),
    index("sessions_by_end").on(table.expiresAt),
    index("sessions_by_provider").on(table.providerId).where(sql`provider_id is not null`),
  ],
);

/** A value that a response must refer to, once: a passkey's challenge, an OIDC state. */
export const challenges = pgTable(
  "challenges",
  {
    /** SHA-256, in hex, of the value that the response carries. */
    hash: text("hash").primaryKey(),
    purpose: text("purpose").notNull(),
    /** The person, if known. */
    userId: id("user_id"),
    sessionId: id("session_id"),
    value: jsonb("value").$type<Record<string, unknown>>(),
    expiresAt: moment("expires_at").notNull(),
  },
  (table) => [index("challenges_by_end").on(table.expiresAt)],
);

/** One-time links: for the first set-up, and from the host's command line for a person who is locked out. */
export const links = pgTable(
  "links",
  {
    linkId: id("link_id").primaryKey(),
    /** SHA-256 of the link's token, hex. */
    hash: text("hash").notNull().unique(),
    purpose: text("purpose", { enum: ["set_up", "password", "second_factor"] }).notNull(),
    /** Null for the set-up of an empty installation. */
    userId: id("user_id").references(() => users.userId, { onDelete: "cascade" }),
    createdAt: createdAt(),
    expiresAt: moment("expires_at").notNull(),
    usedAt: moment("used_at"),
    /** Why an unused link is no longer valid: `command_line`, `other_link`. */
    endedBy: text("ended_by"),
  },
  (table) => [index("links_by_user").on(table.userId)],
);

/** Times of recent attempts, for sliding windows that all processes share. Only `portcullis_take` writes them. */
export const limits = pgTable(
  "limits",
  {
    /** What is limited, and for which caller: `sign-in:ip:203.0.113.7`. */
    key: text("key").primaryKey(),
    /** Oldest first. The next attempt removes those that have left the window. */
    times: moment("times").array().notNull(),
    expiresAt: moment("expires_at").notNull(),
  },
  (table) => [index("limits_by_end").on(table.expiresAt)],
);

export interface ProviderRefusalRow {
  readonly reason: string;
  /** ISO 8601. */
  readonly at: string;
  /** How often this reason occurred in a row. */
  readonly count: number;
}

/** An OpenID Connect provider: the installation's, or one that an owner of an organization created. */
export const oidcProviders = pgTable(
  "oidc_providers",
  {
    providerId: id("provider_id").primaryKey(),
    /** Null for a provider from the settings. */
    organizationId: id("organization_id").references(() => organizations.organizationId, { onDelete: "cascade" }),
    /** In the redirect address. */
    slug: text("slug").notNull().unique(),
    /** "Sign in with <name>". */
    name: text("name").notNull(),
    /** The required issuer of tokens. */
    issuer: text("issuer").notNull(),
    /** The address at which this server reaches the provider, if it differs from the issuer. */
    internalUrl: text("internal_url"),
    clientId: text("client_id").notNull(),
    /** Sealed for `oidc_providers:client_secret_sealed:<providerId>`; null for a public client. */
    clientSecretSealed: text("client_secret_sealed"),
    scopes: text("scopes").array().notNull(),
    /** The claim that holds the groups. */
    groupsClaim: text("groups_claim").notNull().default("groups"),
    /** The allow-lists. If all three are empty, everyone is allowed; otherwise a person must be in one of them. */
    allowedEmails: text("allowed_emails").array().notNull(),
    allowedDomains: text("allowed_domains").array().notNull(),
    allowedGroups: text("allowed_groups").array().notNull(),
    /** Group → role in the provider's organization. */
    groupRoles: jsonb("group_roles").$type<Record<string, string>>().notNull(),
    /** A verified address in one of these domains identifies the person, even if the account existed before. */
    trustedDomains: text("trusted_domains").array().notNull(),
    /** The proof that an e-mail address belongs to the person: a claim, or the domain alone. */
    emailProof: text("email_proof", { enum: ["email_verified", "xms_edov", "trusted_domains"] })
      .notNull()
      .default("email_verified"),
    /** Whether the first sign-in creates an account. */
    createsPersons: boolean("creates_persons").notNull(),
    enabled: boolean("enabled").notNull().default(true),
    version: version(),
    createdAt: createdAt(),
    /** The last refused sign-in that the provider's settings or responses caused. It names no person. */
    lastRefusal: jsonb("last_refusal").$type<ProviderRefusalRow>(),
  },
  (table) => [index("oidc_providers_by_organization").on(table.organizationId)],
);

/** A person's identity at a provider. */
export const identities = pgTable(
  "identities",
  {
    identityId: id("identity_id").primaryKey(),
    /** A provider's id, or `trusted_header`. */
    providerId: id("provider_id").notNull(),
    subject: text("subject").notNull(),
    userId: userId(),
    createdAt: createdAt(),
    lastUsedAt: moment("last_used_at"),
  },
  (table) => [
    unique("identities_once").on(table.providerId, table.subject),
    index("identities_by_user").on(table.userId),
  ],
);
