import { z } from "zod";
import { Refusal } from "../platform/errors/refusal";
import { hasExpired, hasPassed, later, readMoment } from "../platform/moment";
import { isAmong } from "../platform/net/addresses";
import { grantSchema, standingSchema } from "./grant-schemas";
import { type Organization, readOrganization } from "./organization";
import type { Grant, Standing } from "./permissions";

/** The authenticated actor. */
export type Principal = KeyPrincipal | SessionPrincipal | { readonly kind: "commandLine"; readonly standing: Standing };

export interface KeyPrincipal {
  readonly kind: "apiKey";
  readonly apiKeyId: string;
  readonly name: string;
  /**
   * The person who holds the key; null for a key of a service account, and for one that the host's command line
   * created.
   */
  readonly userId: string | null;
  readonly serviceAccountId: string | null;
  /** The current roles of its holder; null if the holder has left. */
  readonly standing: Standing | null;
  /** What it was created for. It may do only what both this grant and its holder allow. */
  readonly grant: Grant;
  /** The only project that it is for; null for all projects. */
  readonly projectId: string | null;
  /** When a rotated key expires, ISO 8601; null for other keys. */
  readonly overlapEndsAt: string | null;
}

export interface SessionPrincipal {
  readonly kind: "session";
  readonly sessionId: string;
  readonly userId: string;
  readonly email: string;
  readonly name: string | null;
  /** The person's language; null for the language of the browser. */
  readonly locale: "en" | "de" | null;
  /** The version of the person's profile. */
  readonly version: number;
  /** The methods that opened it: `password`, `totp`, … */
  readonly methods: readonly string[];
  /**
   * The organization whose own provider opened the session. The session is valid for that organization only, and not
   * for the person's account.
   */
  readonly boundTo: string | null;
  /** Their roles in the organization of this request; null for a person who is not a member of any organization. */
  readonly standing: Standing | null;
  /** The step that has to be completed before anything else; null if there is none. */
  readonly pending: Pending | null;
}

/**
 * `second_factor`: the session still has to present one. `password`: it has to be changed. `enrolment`: the
 * organization requires a factor.
 */
export type Pending = "second_factor" | "password" | "enrolment";

/** What one statement returns about the caller and the object that it names. */
export interface Facts<T = unknown> {
  readonly principal: PrincipalFacts;
  readonly organization: Organization;
  /** `null`: the object is not in the caller's organization, or does not exist. */
  readonly object: T | null;
  /** The project that the object belongs to, if any. */
  readonly projectId: string | null;
}

const keyFacts = z.object({
  kind: z.literal("apiKey"),
  apiKeyId: z.string(),
  name: z.string(),
  userId: z.string().nullable(),
  serviceAccountId: z.string().nullable(),
  standing: standingSchema.nullable(),
  grant: grantSchema,
  projectId: z.string().nullable(),
  allowedIps: z.array(z.string()).readonly().nullable(),
  requestsPerMinute: z.number().nullable(),
  expiresAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
  rotatedTo: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
  lastUsedIp: z.string().nullable(),
});

const sessionFacts = z.object({
  kind: z.literal("session"),
  sessionId: z.string(),
  userId: z.string(),
  email: z.string(),
  name: z.string().nullable(),
  locale: z.enum(["en", "de"]).nullable(),
  version: z.number(),
  stage: z.enum(["second_factor", "full"]),
  methods: z.array(z.string()).readonly(),
  boundTo: z.string().nullable(),
  local: z.boolean(),
  expiresAt: z.string(),
  lastSeenAt: z.string(),
  idleSeconds: z.number(),
  mustChangePassword: z.boolean(),
  hasSecondFactor: z.boolean(),
  standing: standingSchema.nullable(),
});

const commandLineFacts = z.object({ kind: z.literal("commandLine"), standing: standingSchema });

const principalFacts = z.discriminatedUnion("kind", [keyFacts, sessionFacts, commandLineFacts]);

export type KeyFacts = Readonly<z.output<typeof keyFacts>>;
export type SessionFacts = Readonly<z.output<typeof sessionFacts>>;
export type PrincipalFacts = KeyFacts | SessionFacts | Readonly<z.output<typeof commandLineFacts>>;

/** The row that `portcullis_authorize` returns. */
export interface FactsRow {
  readonly principal: unknown;
  readonly organization: unknown;
  readonly object: unknown;
  readonly project_id: string | null;
}

/**
 * Validates the row that the database returned, so that no decision is based on data that this version does not
 * understand.
 * @param readObject validates the located object
 * @returns null if nothing is authenticated, or the organization does not exist
 * @throws ZodError
 */
export function readFacts<T>(rows: readonly FactsRow[], readObject: (json: unknown) => T): Facts<T> | null {
  const row = rows[0];
  if (!row) return null;
  return {
    principal: principalFacts.parse(row.principal),
    organization: readOrganization(row.organization),
    object: row.object === null ? null : readObject(row.object),
    projectId: row.project_id,
  };
}

/** How a request arrived, as far as it decides who the caller is. */
export interface Arrival {
  /** The time at which the expiry of a key or a session is judged. */
  readonly now: Date;
  /** The caller's address; null if there is none. */
  readonly ip: string | null;
  /** Whether the request was sent to a loopback address of the host and not to the public address. */
  readonly local: boolean;
}

/**
 * Determines the caller, or refuses with 401.
 * @throws Refusal `key_unknown`, `key_revoked`, `key_expired`, `key_holder_left`, `key_ip_refused`, `session_ended`
 */
export function principalOf(
  facts: Facts | null,
  presented: "apiKey" | "session" | "commandLine",
  arrival: Arrival,
): Principal {
  if (!facts) {
    throw new Refusal(presented === "session" ? "session_ended" : "key_unknown");
  }
  const { principal } = facts;
  if (principal.kind === "apiKey") return keyPrincipal(principal, arrival);
  if (principal.kind === "session") return sessionPrincipal(principal, facts.organization, arrival);
  return { kind: "commandLine", standing: principal.standing };
}

function keyPrincipal(key: KeyFacts, { now, ip }: Arrival): KeyPrincipal {
  if (key.revokedAt) throw new Refusal("key_revoked");
  if (hasExpired(key.expiresAt, now)) throw new Refusal("key_expired");
  if (key.standing === null) throw new Refusal("key_holder_left");
  if (key.allowedIps !== null && (ip === null || !isAmong(ip, key.allowedIps))) {
    throw new Refusal("key_ip_refused", { ip });
  }
  const { apiKeyId, name, userId, serviceAccountId, standing, grant, projectId, rotatedTo, expiresAt } = key;
  const overlapEndsAt = rotatedTo === null ? null : expiresAt;
  return { kind: "apiKey", apiKeyId, name, userId, serviceAccountId, standing, grant, projectId, overlapEndsAt };
}

function sessionPrincipal(
  session: SessionFacts,
  organization: Organization,
  { now, local }: Arrival,
): SessionPrincipal {
  const idleEnd = later(readMoment(session.lastSeenAt), session.idleSeconds * 1_000);
  if (hasPassed(session.expiresAt, now) || hasPassed(idleEnd, now) || session.local !== local) {
    throw new Refusal("session_ended");
  }
  const { sessionId, userId, email, name, locale, version, methods, boundTo, standing } = session;
  return {
    kind: "session",
    sessionId,
    userId,
    email,
    name,
    locale,
    version,
    methods,
    boundTo,
    standing,
    pending: pendingOf(session, organization),
  };
}

function pendingOf(session: SessionFacts, organization: Organization): Pending | null {
  if (session.stage === "second_factor") return "second_factor";
  // A person who signed in by the organization's own provider has met the organization's requirements there, and cannot
  // change the account here.
  if (session.boundTo !== null) return null;
  if (session.mustChangePassword) return "password";
  return organization.requireSecondFactor && !session.hasSecondFactor ? "enrolment" : null;
}

/** The person of a principal; null if there is none. */
export function personOf(principal: Principal): string | null {
  return principal.kind === "commandLine" ? null : principal.userId;
}
