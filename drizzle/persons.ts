import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { createdAt, id, moment } from "./columns";
import { users } from "./members";
import { organizations } from "./organizations";

/** What a person proves with who they are. Only the role `identity` sees these tables, and no organization owns a row. */

const userId = () =>
  id("user_id")
    .notNull()
    .references(() => users.userId, { onDelete: "cascade" });

export const passwords = pgTable("passwords", {
  userId: id("user_id")
    .primaryKey()
    .references(() => users.userId, { onDelete: "cascade" }),
  /** Argon2id in PHC form; until the next sign-in also bcrypt, or SHA-256 in hex, that came from elsewhere. */
  hash: text("hash").notNull(),
  changedAt: moment("changed_at").notNull(),
  /** Nothing else can be done before it is changed. */
  mustChange: boolean("must_change").notNull().default(false),
});

export const totpSecrets = pgTable("totp_secrets", {
  userId: id("user_id")
    .primaryKey()
    .references(() => users.userId, { onDelete: "cascade" }),
  /** Sealed for `totp_secrets:secret_sealed:<userId>`. */
  secretSealed: text("secret_sealed").notNull(),
  createdAt: createdAt(),
  /** It counts as a second factor from its first good code on. */
  confirmedAt: moment("confirmed_at"),
  /** The time step of the last good code: this and earlier ones are spent. */
  lastStep: bigint("last_step", { mode: "number" }),
});

export const recoveryCodes = pgTable(
  "recovery_codes",
  {
    userId: userId(),
    /** SHA-256 of the code, which is random, hex. */
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
    /** As the authenticator calls it, base64url. */
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

/** One sign-in of one browser. The row is the session: without it a cookie is worth nothing. */
export const sessions = pgTable(
  "sessions",
  {
    sessionId: id("session_id").primaryKey(),
    /** SHA-256 of the 32 random bytes in the cookie, hex. */
    hash: text("hash").notNull().unique(),
    userId: userId(),
    /** Which of the person's organizations requests are about, unless they say otherwise. */
    organizationId: id("organization_id"),
    /** Whose provider opened it: it is good for that organization alone, and not for the person's own account. */
    boundTo: id("bound_to"),
    /** The OIDC provider that opened it: when that goes, so does the session. */
    providerId: id("provider_id"),
    /** `second_factor`: the password was right, and a second factor is still to be shown. */
    stage: text("stage", { enum: ["second_factor", "full"] }).notNull(),
    /** What was shown: `password`, `totp`, `recovery_code`, `passkey`, `oidc`, `trusted_header`, `link`. */
    methods: text("methods").array().notNull(),
    remember: boolean("remember").notNull(),
    /** Opened at a loopback address of the host, where its cookie needs no TLS; good nowhere else. */
    local: boolean("local").notNull(),
    createdAt: createdAt(),
    /** At most a minute old while the session is used. */
    lastSeenAt: moment("last_seen_at").notNull(),
    /** Its end, whatever is done with it. */
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

/** What an answer has to refer to, once: a passkey's challenge, an OIDC state. */
export const challenges = pgTable(
  "challenges",
  {
    /** SHA-256 of what the answer carries, hex. */
    hash: text("hash").primaryKey(),
    purpose: text("purpose").notNull(),
    /** Whose it is, where that is known. */
    userId: id("user_id"),
    sessionId: id("session_id"),
    value: jsonb("value").$type<Record<string, unknown>>(),
    expiresAt: moment("expires_at").notNull(),
  },
  (table) => [index("challenges_by_end").on(table.expiresAt)],
);

/** One-time links: the first set-up, and what the host's command line gives to somebody who is locked out. */
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
    /** Why it is no longer good, where it was not used: `command_line`, `other_link`. */
    endedBy: text("ended_by"),
  },
  (table) => [index("links_by_user").on(table.userId)],
);

/** Moments of recent tries, for sliding windows: shared by all processes. Written by `portcullis_take` alone. */
export const limits = pgTable(
  "limits",
  {
    /** What is limited, and for whom: `sign-in:ip:203.0.113.7`. */
    key: text("key").primaryKey(),
    /** Oldest first; those that have left the window go with the next try. */
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

/** A provider of OpenID Connect: the installation's, or one that an organization's owner made. */
export const oidcProviders = pgTable(
  "oidc_providers",
  {
    providerId: id("provider_id").primaryKey(),
    /** Null for one that the settings name. */
    organizationId: id("organization_id").references(() => organizations.organizationId, { onDelete: "cascade" }),
    /** In the redirect address. */
    slug: text("slug").notNull().unique(),
    /** "Sign in with <name>". */
    name: text("name").notNull(),
    /** What tokens have to carry. */
    issuer: text("issuer").notNull(),
    /** Where this server reaches it, if not at the issuer's own address. */
    internalUrl: text("internal_url"),
    clientId: text("client_id").notNull(),
    /** Sealed for `oidc_providers:client_secret_sealed:<providerId>`; null for a public client. */
    clientSecretSealed: text("client_secret_sealed"),
    scopes: text("scopes").array().notNull(),
    /** The claim that holds the groups. */
    groupsClaim: text("groups_claim").notNull().default("groups"),
    /** Empty: no limit. Whoever is in one of the three lists may come in. */
    allowedEmails: text("allowed_emails").array().notNull(),
    allowedDomains: text("allowed_domains").array().notNull(),
    allowedGroups: text("allowed_groups").array().notNull(),
    /** Group → role in the provider's organization. */
    groupRoles: jsonb("group_roles").$type<Record<string, string>>().notNull(),
    /** A verified address of these domains is that person's, also where the account existed before. */
    trustedDomains: text("trusted_domains").array().notNull(),
    /** What proves that an e-mail address belongs to the person: a claim, or the domain alone. */
    emailProof: text("email_proof", { enum: ["email_verified", "xms_edov", "trusted_domains"] })
      .notNull()
      .default("email_verified"),
    /** Whether people are made on first sight. */
    createsPersons: boolean("creates_persons").notNull(),
    enabled: boolean("enabled").notNull().default(true),
    createdAt: createdAt(),
    /** The last refused sign-in that the provider's settings or answers caused. It names no person. */
    lastRefusal: jsonb("last_refusal").$type<ProviderRefusalRow>(),
  },
  (table) => [index("oidc_providers_by_organization").on(table.organizationId)],
);

/** Who somebody is at a provider. */
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
