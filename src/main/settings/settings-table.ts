import { z } from "zod";
import { GroupRoles } from "#src/features/providers/contract";
import { normalizePublicUrl } from "./normalize-public-url";
import { readPort } from "./port-setting";
import {
  databaseUrl,
  folder,
  headerName,
  hostAndPort,
  json,
  networks,
  optional,
  previousSecret,
  provableProviders,
  secret,
  trueOrFalse,
  url,
  wholeNumber,
  wrong,
} from "./setting-schemas";

/** One entry of the table below, which is the only definition of a setting. */
export interface Setting<S extends z.ZodType = z.ZodType> {
  readonly name: string;
  /** The default value as text; null if there is none. */
  readonly default: string | null;
  readonly description: string;
  readonly example: string;
  /** The value can also come from the file that `<name>_FILE` names. Messages never repeat the value. */
  readonly secret?: true;
  /** Parses the text, or undefined if the setting has neither a value nor a default. */
  readonly schema: S;
}

/** All settings. `renderExample` creates `.env.example` from this table, and a test compares them. */
export const settingsTable = {
  port: {
    name: "PORT",
    default: "3000",
    description: "The port on which the control plane listens.",
    example: "3000",
    schema: z.string().transform((text, context) => {
      const read = readPort(text);
      return read.ok ? read.port : wrong(context, read.problem);
    }),
  },
  host: {
    name: "HOST",
    default: "127.0.0.1",
    description:
      "The address on which the control plane listens. 0.0.0.0 means all interfaces: then put a TLS proxy in front.",
    example: "127.0.0.1",
    schema: z
      .string()
      .regex(/^[^\s/]+$/, "must be an address or a host name, 127.0.0.1 for example")
      .refine((text) => !/^[^:]*:\d+$|\]:\d+$/.test(text), "must be an address without a port: the port is PORT")
      .transform((text) => text.replace(/^\[(.*)\]$/, "$1")),
  },
  publicUrl: {
    name: "PORTCULLIS_PUBLIC_URL",
    default: null,
    description:
      "The public URL of the control plane, if it is not http://HOST:PORT: scheme, host and, if it is not the default of the scheme, port. The control plane answers at the root of that host.",
    example: "https://portcullis.example.org",
    schema: optional(
      z.string().transform((text, context) => {
        const read = normalizePublicUrl(text);
        return read.ok ? read.origin : wrong(context, read.problem);
      }),
    ),
  },
  hstsIncludeSubdomains: {
    name: "PORTCULLIS_HSTS_INCLUDE_SUBDOMAINS",
    default: "false",
    description:
      "With an https public URL, responses contain Strict-Transport-Security for one year. true: it also applies to all subdomains of that host, including those that other servers answer.",
    example: "false",
    schema: trueOrFalse,
  },
  dataFolder: {
    name: "PORTCULLIS_DATA",
    default: "./data",
    description:
      "The folder for all data on disk: the embedded database, the secret, the files of gateways. Only one process can use it at a time.",
    example: "/var/lib/portcullis",
    schema: folder,
  },
  databaseUrl: {
    name: "DATABASE_URL",
    default: null,
    description:
      "PostgreSQL 15 or newer, over TCP or a unix socket (?host=/var/run/postgresql), with or without TLS (?sslmode=verify-full); docs/postgresql.md has the details. Not set: an embedded database in the data folder.",
    example: "postgres://portcullis@db.example.org:5432/portcullis",
    secret: true,
    schema: optional(databaseUrl),
  },
  databaseConnections: {
    name: "PORTCULLIS_DATABASE_CONNECTIONS",
    default: "8",
    description:
      "The maximum number of connections that one process opens to PostgreSQL. If there are four or more, a quarter of them, three at most, are reserved for deliveries and proofs.",
    example: "8",
    schema: wholeNumber(2, 500),
  },
  activeRequests: {
    name: "PORTCULLIS_ACTIVE_REQUESTS",
    default: "256",
    description:
      "The maximum number of requests in progress in one process. Further requests get 503 (overloaded) with Retry-After. Health checks and requests that wait for a delivery do not count.",
    example: "256",
    schema: wholeNumber(8, 100_000),
  },
  activeRequestsPerOrganization: {
    name: "PORTCULLIS_ACTIVE_REQUESTS_PER_ORGANIZATION",
    default: "64",
    description:
      "The maximum number of these requests for one organization, and for one address of callers who are not signed in.",
    example: "64",
    schema: wholeNumber(4, 100_000),
  },
  exports: {
    name: "PORTCULLIS_EXPORTS",
    default: "32",
    description: "The maximum number of concurrent audit log exports in one process.",
    example: "32",
    schema: wholeNumber(1, 10_000),
  },
  exportsPerOrganization: {
    name: "PORTCULLIS_EXPORTS_PER_ORGANIZATION",
    default: "8",
    description: "The maximum number of these exports for one organization.",
    example: "8",
    schema: wholeNumber(1, 10_000),
  },
  connections: {
    name: "PORTCULLIS_CONNECTIONS",
    default: "4000",
    description:
      "The maximum number of open connections of one process. One address may have half of them, unless it is one of PORTCULLIS_TRUSTED_PROXIES. Further connections get 503, but /healthz is still answered. The limit of open files (ulimit -n) must be larger.",
    example: "4000",
    schema: wholeNumber(64, 1_000_000),
  },
  bodyMebibytes: {
    name: "PORTCULLIS_BODY_MEBIBYTES",
    default: "64",
    description:
      "The maximum memory for the bodies of requests in progress, in MiB. One organization may use a quarter of it. Unknown callers share another quarter.",
    example: "64",
    schema: wholeNumber(8, 65_536),
  },
  secret: {
    name: "PORTCULLIS_SECRET",
    default: null,
    description:
      "The key that encrypts sensitive values before they are stored in the database: 32 random bytes, in hex or base64 (openssl rand -hex 32). Not set: the first start creates one in the data folder. With DATABASE_URL it is required as soon as the database contains an installation.",
    example: "the output of: openssl rand -hex 32",
    secret: true,
    schema: optional(secret),
  },
  previousSecrets: {
    name: "PORTCULLIS_SECRET_PREVIOUS",
    default: null,
    description:
      "Previous secrets, separated by commas. Set this after a change of PORTCULLIS_SECRET, because values can still be encrypted with a previous secret.",
    example: "the previous PORTCULLIS_SECRET",
    secret: true,
    schema: z
      .string()
      .transform((text) => text.split(",").map((part) => part.trim()))
      .pipe(z.array(previousSecret))
      .optional()
      .transform((secrets) => secrets ?? []),
  },
  gatewayAddress: {
    name: "PORTCULLIS_GATEWAY_ADDRESS",
    default: "127.0.0.1:8000",
    description: "The address at which the gateway `local` (Traefik on this machine) serves visitors.",
    example: "127.0.0.1:8000",
    schema: hostAndPort,
  },
  gatewayProbeAddress: {
    name: "PORTCULLIS_GATEWAY_PROBE_ADDRESS",
    default: "127.0.0.1:8001",
    description:
      "The address at which the gateway reports which configuration it serves. Only the control plane needs to reach it.",
    example: "127.0.0.1:8001",
    schema: hostAndPort,
  },
  gatewayFolder: {
    name: "PORTCULLIS_GATEWAY_DIR",
    default: null,
    description: "The folder of the gateway `local`, if it is not gateways/local in the data folder.",
    example: "/var/lib/portcullis-gateway",
    schema: optional(folder),
  },
  gatewayGroup: {
    name: "PORTCULLIS_GATEWAY_GROUP",
    default: null,
    description:
      "The group of the Traefik process, by name or number, if Traefik runs as another user. The files of the gateway get this group.",
    example: "traefik",
    schema: optional(z.string().regex(/^[A-Za-z_][\w.-]*\$?$|^\d{1,9}$/, "must be the name or the number of a group")),
  },
  gatewayFolderInTraefik: {
    name: "PORTCULLIS_GATEWAY_DIR_IN_TRAEFIK",
    default: null,
    description: "The path of that folder as Traefik sees it, if it differs (in a container).",
    example: "/etc/portcullis",
    schema: optional(z.string().regex(/^\/[^\p{Cc}]*$/u, "must be an absolute path")),
  },
  sessionHours: {
    name: "PORTCULLIS_SESSION_HOURS",
    default: "24",
    description: "The maximum lifetime of a session, in hours.",
    example: "24",
    schema: wholeNumber(1, 720),
  },
  sessionRememberDays: {
    name: "PORTCULLIS_SESSION_REMEMBER_DAYS",
    default: "7",
    description: 'How long a session with "remember me" lasts at most, in days.',
    example: "7",
    schema: wholeNumber(1, 90),
  },
  sessionIdleMinutes: {
    name: "PORTCULLIS_SESSION_IDLE_MINUTES",
    default: "120",
    description: "The idle timeout of a session, in minutes.",
    example: "120",
    schema: wholeNumber(5, 43_200),
  },
  sessionRememberIdleHours: {
    name: "PORTCULLIS_SESSION_REMEMBER_IDLE_HOURS",
    default: "24",
    description: 'A session with "remember me" that is not used for so many hours ends.',
    example: "24",
    schema: wholeNumber(1, 2_160),
  },
  cookieSameSite: {
    name: "PORTCULLIS_COOKIE_SAME_SITE",
    default: "lax",
    description:
      "The SameSite attribute of the session cookie: lax or strict. With strict, a link from another site opens the console signed out.",
    example: "lax",
    schema: z.enum(["lax", "strict"], { error: "must be lax or strict" }),
  },
  trustedProxies: {
    name: "PORTCULLIS_TRUSTED_PROXIES",
    default: null,
    description:
      "Addresses and networks of proxies in front of the control plane, separated by commas. X-Forwarded-For is accepted only from these.",
    example: "127.0.0.1, 10.0.0.0/8",
    schema: networks,
  },
  oidcProviders: {
    name: "PORTCULLIS_OIDC_PROVIDERS",
    default: null,
    description:
      "OpenID Connect providers for sign-in, as a JSON array of objects with slug, name, issuer, clientId and, where needed, clientSecret, internalUrl, scopes, groupsClaim, allowedEmails, allowedDomains, allowedGroups, groupRoles, trustedDomains, createsPersons, emailProof (email_verified, xms_edov or trusted_domains: what proves an e-mail address). The redirect address at the provider is PORTCULLIS_PUBLIC_URL/api/auth/callback/<slug>.",
    example:
      '[{"slug":"company","name":"Company","issuer":"https://login.example.org","clientId":"portcullis","clientSecret":"…","trustedDomains":["example.org"]}]',
    secret: true,
    schema: json(provableProviders, "a JSON array of providers")
      .optional()
      .transform((providers) => providers ?? []),
  },
  trustedHeaderProxies: {
    name: "PORTCULLIS_TRUSTED_HEADER_PROXIES",
    default: null,
    description:
      "Turns on sign-in by a header: addresses and networks of proxies, separated by commas, that authenticate a person with an external provider (forwardAuth) and name the person in a header. The proxies must overwrite these headers in requests of visitors.",
    example: "10.0.0.2",
    schema: networks,
  },
  trustedHeaderEmail: {
    name: "PORTCULLIS_TRUSTED_HEADER_EMAIL",
    default: "Remote-Email",
    description: "The header with the e-mail address of the person who signed in at the proxy.",
    example: "Remote-Email",
    schema: headerName,
  },
  trustedHeaderName: {
    name: "PORTCULLIS_TRUSTED_HEADER_NAME",
    default: "Remote-Name",
    description: "The header with the name of the person, for accounts that are created at the first sign-in.",
    example: "Remote-Name",
    schema: headerName,
  },
  trustedHeaderGroups: {
    name: "PORTCULLIS_TRUSTED_HEADER_GROUPS",
    default: "Remote-Groups",
    description: "The header with the groups of the person, separated by commas.",
    example: "Remote-Groups",
    schema: headerName,
  },
  trustedHeaderGroupRoles: {
    name: "PORTCULLIS_TRUSTED_HEADER_GROUP_ROLES",
    default: null,
    description:
      "The role in the root organization for each group of that header, as JSON. If it is set, the groups decide who is a member.",
    example: '{"admins":"owner","staff":"viewer"}',
    schema: json(GroupRoles, "a JSON object of groups and roles")
      .optional()
      .transform((roles) => roles ?? {}),
  },
  trustedHeaderCreates: {
    name: "PORTCULLIS_TRUSTED_HEADER_CREATES",
    default: "false",
    description: "Whether an account is created at the first sign-in of a person by the header: true or false.",
    example: "false",
    schema: trueOrFalse,
  },
  auditRetentionDays: {
    name: "PORTCULLIS_AUDIT_RETENTION_DAYS",
    default: "0",
    description:
      "The retention of audit entries, in days; 0 keeps them forever. Each removal leaves a signed statement, so that the rest can be verified.",
    example: "730",
    schema: wholeNumber(0, 36_500),
  },
  keyCreationsPerHour: {
    name: "PORTCULLIS_KEY_CREATIONS_PER_HOUR",
    default: "5",
    description:
      "The maximum number of API keys that one address can create or rotate in an hour; 0 for no limit. Host commands are not limited.",
    example: "5",
    schema: wholeNumber(0, 100_000),
  },
  waitsPerCaller: {
    name: "PORTCULLIS_WAITS_PER_CALLER",
    default: "20",
    description:
      "The maximum number of concurrent sync.wait calls of one API key or session in one process. Further calls get 429.",
    example: "20",
    schema: wholeNumber(1, 100_000),
  },
  waitsPerOrganization: {
    name: "PORTCULLIS_WAITS_PER_ORGANIZATION",
    default: "200",
    description:
      "The maximum number of concurrent sync.wait calls of one organization in one process. Further calls get 429.",
    example: "200",
    schema: wholeNumber(1, 100_000),
  },
  waits: {
    name: "PORTCULLIS_WAITS",
    default: "2000",
    description: "The maximum number of concurrent sync.wait calls in one process. Further calls get 503.",
    example: "2000",
    schema: wholeNumber(1, 100_000),
  },
  smtpUrl: {
    name: "PORTCULLIS_SMTP_URL",
    default: null,
    description:
      "The mail server that sends invitations and messages about alarms: smtps://user:password@host:465, or smtp://host:587, which requires STARTTLS (append ?tls=off to allow plain text in a private network). Not set: the inviting person passes on the link.",
    example: "smtps://portcullis:password@mail.example.org:465",
    secret: true,
    schema: optional(url(["smtp:", "smtps:"], "must be smtps://user:password@host:port or smtp://host:port")),
  },
  mailFrom: {
    name: "PORTCULLIS_MAIL_FROM",
    default: null,
    description: "The sender address of e-mail, if it is not portcullis@ the host of PORTCULLIS_PUBLIC_URL.",
    example: "portcullis@example.org",
    schema: optional(z.email("must be an e-mail address")),
  },
  logLevel: {
    name: "PORTCULLIS_LOG_LEVEL",
    default: "info",
    description: "The log level: trace, debug, info, warn, error, fatal or silent.",
    example: "info",
    schema: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"], {
      error: "must be trace, debug, info, warn, error, fatal or silent",
    }),
  },
} as const satisfies Record<string, Setting>;
