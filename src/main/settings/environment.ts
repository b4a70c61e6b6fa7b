import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { readDatabaseUrl } from "../../database/database-url";
import { GroupRoles, SettingsProviders } from "../../features/providers/contract";
import { proofProblem } from "../../identity/external/email-proof";
import { sentenceOf } from "../../platform/errors/refusal";
import { isNetwork } from "../../platform/net/addresses";
import { readPort } from "./port-setting";
import { normalizePublicUrl } from "./public-url";
import { checkFormerSecret, checkSecret } from "./secret-strength";
import { type UnknownSetting, unknownSettings } from "./unknown-settings";

/** A setting as the table below states it: everything that is said about it anywhere comes from here. */
interface Setting<S extends z.ZodType = z.ZodType> {
  readonly name: string;
  /** What it is when it is not set, as text; null where there is none. */
  readonly default: string | null;
  readonly description: string;
  readonly example: string;
  /** Can also be read from the file that `<name>_FILE` names; its value is never repeated in a message. */
  readonly secret?: true;
  /** From its text, or from undefined where it is neither set nor has a default. */
  readonly schema: S;
}

const secretThat = (check: typeof checkSecret) =>
  z.string().transform((text, context) => {
    const checked = check(text);
    if (checked.ok) return checked.secret;
    context.addIssue({ code: "custom", message: checked.message });
    return z.NEVER;
  });
const secret = secretThat(checkSecret);
const formerSecret = secretThat(checkFormerSecret);

/** `host:port`, or `:port` for every interface. */
const hostAndPort = z
  .string()
  .regex(/^(?:\[[0-9A-Fa-f:.]+\]|[^\s:[\]/]*):(?:[1-9]\d{0,4})$/, "must be host:port, 127.0.0.1:8000 for example")
  .refine((text) => Number(text.slice(text.lastIndexOf(":") + 1)) <= 65_535, "must have a port up to 65535");

const wholeNumber = (from: number, to: number) => {
  const message = `must be a whole number from ${from} to ${to}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .refine((number) => number >= from && number <= to, message);
};

const trueOrFalse = z.enum(["true", "false"], { error: "must be true or false" }).transform((text) => text === "true");

function wrong(context: z.RefinementCtx, message: string) {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}

const folder = z.string().transform((path) => resolve(path));
const optional = <S extends z.ZodType>(schema: S) => schema.optional().transform((value) => value ?? null);

const networks = z
  .string()
  .transform((text) => text.split(",").map((part) => part.trim()))
  .pipe(z.array(z.string().refine(isNetwork, "must be addresses or networks, 127.0.0.1,10.0.0.0/8 for example")))
  .optional()
  .transform((found) => found ?? []);

const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, "must be the name of a header");

/** JSON of a form; what is wrong with it is said by place, never by value. */
const json = <S extends z.ZodType>(schema: S, what: string) =>
  z.string().transform((text, context): z.output<S> => {
    const wrong = (message: string) => {
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    };
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return wrong(`must be JSON: ${what}`);
    }
    const read = schema.safeParse(value);
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    return wrong(`must be ${what}: ${issue?.path.join(".") || "it"} ${placeless(issue)}`);
  });

/** Unknown names and received values may be somebody's secret in the wrong place. */
function placeless(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === "custom" || issue?.code === "invalid_format") return issue.message;
  if (issue?.code === "unrecognized_keys") return "has a field that is not known";
  return issue?.code === "invalid_type" ? `must be there, of type ${issue.expected}` : "is not allowed";
}

const url = (protocols: readonly string[], message: string) =>
  z
    .string()
    .refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), message)
    .refine(isDecodable, "must have every percent sign in it written as %25");

const databaseUrl = z.string().superRefine((text, context) => {
  const read = readDatabaseUrl(text);
  if (!read.ok) context.addIssue({ code: "custom", message: read.problem });
});

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

const provableProviders = SettingsProviders.superRefine((providers, context) => {
  for (const [at, provider] of providers.entries()) {
    const problem = proofProblem(provider);
    if (problem === null) continue;
    context.addIssue({ code: "custom", path: [at, "emailProof"], message: sentenceOf(problem) });
  }
});

/** Every setting there is. `.env.example` is made from this table (see `renderExample`), and a test compares. */
export const settingsTable = {
  port: {
    name: "PORT",
    default: "3000",
    description: "The port on which the control plane answers.",
    example: "3000",
    schema: z.string().transform((text, context) => {
      const read = readPort(text);
      return read.ok ? read.port : wrong(context, read.problem);
    }),
  },
  host: {
    name: "HOST",
    default: "127.0.0.1",
    description: "The address on which it listens. 0.0.0.0 is every interface: then put TLS in front of it.",
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
      "Where people and gateways reach it, if that is not http://HOST:PORT: scheme, host and, if it is not the scheme's own, port. It answers at the root of that host.",
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
      "With a public URL of https, browsers are told for a year to use nothing but https for its host (Strict-Transport-Security). true: for every name below that host as well, whoever serves it.",
    example: "false",
    schema: trueOrFalse,
  },
  dataFolder: {
    name: "PORTCULLIS_DATA",
    default: "./data",
    description:
      "The folder for everything that it keeps on disk: the embedded database, its secret, the gateways' files. One process at a time.",
    example: "/var/lib/portcullis",
    schema: folder,
  },
  databaseUrl: {
    name: "DATABASE_URL",
    default: null,
    description:
      "PostgreSQL 15 or newer, over TCP or a unix socket (?host=/var/run/postgresql), with or without TLS (?sslmode=verify-full); docs/postgresql.md has the details. Not set: a database embedded in the process, in the data folder.",
    example: "postgres://portcullis@db.example.org:5432/portcullis",
    secret: true,
    schema: optional(databaseUrl),
  },
  databaseConnections: {
    name: "PORTCULLIS_DATABASE_CONNECTIONS",
    default: "8",
    description:
      "The most connections that one process opens to PostgreSQL. Of four or more, a quarter, three at most, are kept for deliveries and proofs.",
    example: "8",
    schema: wholeNumber(2, 500),
  },
  activeRequests: {
    name: "PORTCULLIS_ACTIVE_REQUESTS",
    default: "256",
    description:
      "How many requests one process answers at the same time. One more gets 503 (overloaded) with Retry-After. Health checks are not counted, and neither are requests that wait for a delivery.",
    example: "256",
    schema: wholeNumber(8, 100_000),
  },
  activeRequestsPerOrganization: {
    name: "PORTCULLIS_ACTIVE_REQUESTS_PER_ORGANIZATION",
    default: "64",
    description: "How many of these one organization may have; also one address of callers who are not signed in.",
    example: "64",
    schema: wholeNumber(4, 100_000),
  },
  exports: {
    name: "PORTCULLIS_EXPORTS",
    default: "32",
    description: "How many exports of audit logs one process sends at the same time.",
    example: "32",
    schema: wholeNumber(1, 10_000),
  },
  exportsPerOrganization: {
    name: "PORTCULLIS_EXPORTS_PER_ORGANIZATION",
    default: "8",
    description: "How many of these one organization may have.",
    example: "8",
    schema: wholeNumber(1, 10_000),
  },
  connections: {
    name: "PORTCULLIS_CONNECTIONS",
    default: "4000",
    description:
      "How many connections one process keeps open; one address may have half of them, unless it is one of PORTCULLIS_TRUSTED_PROXIES. One more gets 503, and /healthz is answered. The limit of open files (ulimit -n) has to be larger.",
    example: "4000",
    schema: wholeNumber(64, 1_000_000),
  },
  bodyMebibytes: {
    name: "PORTCULLIS_BODY_MEBIBYTES",
    default: "64",
    description:
      "How much memory the bodies of requests under way may take, in MiB; one organization may have a quarter of it. Callers who are not known yet share another quarter.",
    example: "64",
    schema: wholeNumber(8, 65_536),
  },
  secret: {
    name: "PORTCULLIS_SECRET",
    default: null,
    description:
      "Seals what the database must not be able to read: 32 random bytes, in hex or base64 (openssl rand -hex 32). Not set: one is made in the data folder, once. With DATABASE_URL it is required as soon as the database holds anything.",
    example: "the output of: openssl rand -hex 32",
    secret: true,
    schema: optional(secret),
  },
  previousSecrets: {
    name: "PORTCULLIS_SECRET_PREVIOUS",
    default: null,
    description:
      "Secrets that values may still be sealed with, separated by commas, after PORTCULLIS_SECRET was changed.",
    example: "the former PORTCULLIS_SECRET",
    secret: true,
    schema: z
      .string()
      .transform((text) => text.split(",").map((part) => part.trim()))
      .pipe(z.array(formerSecret))
      .optional()
      .transform((secrets) => secrets ?? []),
  },
  gatewayAddress: {
    name: "PORTCULLIS_GATEWAY_ADDRESS",
    default: "127.0.0.1:8000",
    description: "Where the gateway `local` (Traefik on this machine) serves visitors.",
    example: "127.0.0.1:8000",
    schema: hostAndPort,
  },
  gatewayProbeAddress: {
    name: "PORTCULLIS_GATEWAY_PROBE_ADDRESS",
    default: "127.0.0.1:8001",
    description: "Where the gateway is asked which configuration it serves. Nobody else needs to reach it.",
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
      "The group that Traefik runs in, by name or number, if it is another user: the gateway's files are given to it.",
    example: "traefik",
    schema: optional(z.string().regex(/^[A-Za-z_][\w.-]*\$?$|^\d{1,9}$/, "must be the name or the number of a group")),
  },
  gatewayFolderInTraefik: {
    name: "PORTCULLIS_GATEWAY_DIR_IN_TRAEFIK",
    default: null,
    description: "What Traefik calls that folder, if it sees it elsewhere (in a container).",
    example: "/etc/portcullis",
    schema: optional(z.string().regex(/^\/[^\p{Cc}]*$/u, "must be an absolute path")),
  },
  sessionHours: {
    name: "PORTCULLIS_SESSION_HOURS",
    default: "24",
    description: "How long a session lasts at most, in hours.",
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
    description: "A session that is not used for so many minutes ends.",
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
      "The SameSite attribute of the session's cookie: lax, or strict, with which a link from elsewhere opens signed out.",
    example: "lax",
    schema: z.enum(["lax", "strict"], { error: "must be lax or strict" }),
  },
  trustedProxies: {
    name: "PORTCULLIS_TRUSTED_PROXIES",
    default: null,
    description:
      "Addresses and networks of proxies in front of it, separated by commas. Only from these is X-Forwarded-For believed.",
    example: "127.0.0.1, 10.0.0.0/8",
    schema: networks,
  },
  oidcProviders: {
    name: "PORTCULLIS_OIDC_PROVIDERS",
    default: null,
    description:
      "Providers of OpenID Connect to sign in by, as a JSON array of objects with slug, name, issuer, clientId and, where needed, clientSecret, internalUrl, scopes, groupsClaim, allowedEmails, allowedDomains, allowedGroups, groupRoles, trustedDomains, createsPersons, emailProof (email_verified, xms_edov or trusted_domains: what proves an e-mail address). The redirect address at the provider is PORTCULLIS_PUBLIC_URL/api/auth/callback/<slug>.",
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
      "Turns on sign-in by a header: addresses and networks of proxies, separated by commas, that ask an external provider (forwardAuth) and say in a header who somebody is. They have to replace what a visitor sends under these names.",
    example: "10.0.0.2",
    schema: networks,
  },
  trustedHeaderEmail: {
    name: "PORTCULLIS_TRUSTED_HEADER_EMAIL",
    default: "Remote-Email",
    description: "The header with the e-mail address of who signed in at the proxy.",
    example: "Remote-Email",
    schema: headerName,
  },
  trustedHeaderName: {
    name: "PORTCULLIS_TRUSTED_HEADER_NAME",
    default: "Remote-Name",
    description: "The header with their name, for people who are made on first sight.",
    example: "Remote-Name",
    schema: headerName,
  },
  trustedHeaderGroups: {
    name: "PORTCULLIS_TRUSTED_HEADER_GROUPS",
    default: "Remote-Groups",
    description: "The header with their groups, separated by commas.",
    example: "Remote-Groups",
    schema: headerName,
  },
  trustedHeaderGroupRoles: {
    name: "PORTCULLIS_TRUSTED_HEADER_GROUP_ROLES",
    default: null,
    description:
      "Which role in the root organization a group of that header gives, as JSON. Where it is set, the groups decide who is in.",
    example: '{"admins":"owner","staff":"viewer"}',
    schema: json(GroupRoles, "a JSON object of groups and roles")
      .optional()
      .transform((roles) => roles ?? {}),
  },
  trustedHeaderCreates: {
    name: "PORTCULLIS_TRUSTED_HEADER_CREATES",
    default: "false",
    description: "Whether people whom the header names are made on first sight: true or false.",
    example: "false",
    schema: trueOrFalse,
  },
  auditRetentionDays: {
    name: "PORTCULLIS_AUDIT_RETENTION_DAYS",
    default: "0",
    description:
      "How long audit entries are kept, in days; 0 for ever. What is removed leaves a signed statement, so that the rest can be verified.",
    example: "730",
    schema: wholeNumber(0, 36_500),
  },
  keyCreationsPerHour: {
    name: "PORTCULLIS_KEY_CREATIONS_PER_HOUR",
    default: "5",
    description:
      "How many API keys can be made or rotated from one address in an hour; 0 for any number. The host's own command line is not limited.",
    example: "5",
    schema: wholeNumber(0, 100_000),
  },
  waitsPerCaller: {
    name: "PORTCULLIS_WAITS_PER_CALLER",
    default: "20",
    description:
      "How many calls of sync.wait one API key or session may have under way in one process. Further calls are answered with 429.",
    example: "20",
    schema: wholeNumber(1, 100_000),
  },
  waitsPerOrganization: {
    name: "PORTCULLIS_WAITS_PER_ORGANIZATION",
    default: "200",
    description:
      "How many calls of sync.wait one organization may have under way in one process. Further calls are answered with 429.",
    example: "200",
    schema: wholeNumber(1, 100_000),
  },
  waits: {
    name: "PORTCULLIS_WAITS",
    default: "2000",
    description: "How many calls of sync.wait one process takes at the same time. Further calls are answered with 503.",
    example: "2000",
    schema: wholeNumber(1, 100_000),
  },
  smtpUrl: {
    name: "PORTCULLIS_SMTP_URL",
    default: null,
    description:
      "The mail server that invitations are sent by: smtps://user:password@host:465, or smtp://host:587, which changes to TLS before anything is said (?tls=off at its end: goes on without, on a network of your own). Not set: an invitation is a link to hand over.",
    example: "smtps://portcullis:password@mail.example.org:465",
    secret: true,
    schema: optional(url(["smtp:", "smtps:"], "must be smtps://user:password@host:port or smtp://host:port")),
  },
  mailFrom: {
    name: "PORTCULLIS_MAIL_FROM",
    default: null,
    description: "The address that e-mail comes from, if it is not portcullis@ the host of PORTCULLIS_PUBLIC_URL.",
    example: "portcullis@example.org",
    schema: optional(z.email("must be an e-mail address")),
  },
  logLevel: {
    name: "PORTCULLIS_LOG_LEVEL",
    default: "info",
    description: "How much is logged: trace, debug, info, warn, error, fatal or silent.",
    example: "info",
    schema: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"], {
      error: "must be trace, debug, info, warn, error, fatal or silent",
    }),
  },
} as const satisfies Record<string, Setting>;

type Table = typeof settingsTable;

const quoted = /^(["'`]).*\1$/s;

/**
 * Names in the environment that were probably meant to be settings. They are no error: Kubernetes adds names of its own,
 * and a newer version may know more.
 */
export function unknownNames(environment: Readonly<Record<string, string | undefined>>): UnknownSetting[] {
  const known = Object.values<Setting>(settingsTable).flatMap(({ name, secret }) =>
    secret ? [name, `${name}_FILE`] : [name],
  );
  return unknownSettings(environment, known);
}

/** What the environment says, checked and typed. Paths are absolute. */
export type Settings = { readonly [K in keyof Table]: z.output<Table[K]["schema"]> };

/** A setting is wrong. The message is one line: its name, and what is right. */
export class WrongSetting extends Error {
  override readonly name = "WrongSetting";
  constructor(
    readonly setting: string,
    problem: string,
  ) {
    super(`${setting} ${problem}`);
  }
}

/**
 * Reads all settings; nothing else looks at the environment. White space around a value is dropped, and an empty one
 * counts as not set.
 * @param environment `process.env`, or what a test makes up
 * @throws WrongSetting the first wrong one, in the order of the table
 */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): Settings {
  const settings: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries<Setting>(settingsTable)) {
    const text = textOf(setting, environment) ?? setting.default ?? undefined;
    if (text !== undefined && quoted.test(text)) {
      throw new WrongSetting(setting.name, "must not be in quotes: leave them out (docker --env-file keeps them)");
    }
    const read = setting.schema.safeParse(text);
    if (!read.success) {
      throw new WrongSetting(setting.name, read.error.issues[0]?.message ?? "is wrong");
    }
    settings[key] = read.data;
  }
  requireOwnPorts(settings as Settings);
  return settings as Settings;
}

/** The control plane and the two entry points cannot listen on one port of one address. */
function requireOwnPorts({ host, port, gatewayAddress, gatewayProbeAddress }: Settings): void {
  const taken = new Map<string, string>([[`${host}:${port}`, settingsTable.port.name]]);
  for (const [setting, address] of [
    [settingsTable.gatewayAddress, gatewayAddress],
    [settingsTable.gatewayProbeAddress, gatewayProbeAddress],
  ] as const) {
    const other = taken.get(address);
    if (other) throw new WrongSetting(setting.name, `must not be where ${other} is: each needs a port of its own`);
    taken.set(address, setting.name);
  }
}

/** What a program that is started from here gets of this process's environment: where things are, and no setting. */
export function childEnvironment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  const given = Object.entries({ PATH, HOME, TMPDIR }).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), NODE_ENV: "production", ...more };
}

/**
 * next-auth takes the origin of its addresses from the environment alone: it is told to take it from the headers, which
 * we make ourselves, and what others may have set for it is taken away.
 */
export function prepareForNextAuth(): void {
  process.env.AUTH_TRUST_HOST = "true";
  for (const name of ["NEXTAUTH_URL", "NEXTAUTH_SECRET", "AUTH_SECRET", "VERCEL"]) delete process.env[name];
}

function textOf(setting: Setting, environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const text = environment[setting.name]?.trim() || undefined;
  const fileName = `${setting.name}_FILE`;
  const file = setting.secret ? environment[fileName]?.trim() || undefined : undefined;
  if (file === undefined) return text;
  if (text !== undefined) throw new WrongSetting(fileName, `must not be set together with ${setting.name}`);
  try {
    return readSecretFile(file).trim() || undefined;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "unreadable";
    if (code === "writable")
      throw new WrongSetting(fileName, `must not name a file that everybody can write (${file})`);
    throw new WrongSetting(fileName, `must name a file that can be read (${file}: ${code})`);
  }
}

/** Whom a mounted secret belongs to is for the administrator to say; that everybody can change it is never meant. */
function readSecretFile(path: string): string {
  const file = openSync(path, "r");
  try {
    const found = fstatSync(file);
    if (found.isFile() && (found.mode & 0o002) !== 0 && process.platform !== "win32") {
      throw Object.assign(new Error("everybody can write it"), { code: "writable" });
    }
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

const lineLength = 100;

/** The text of `.env.example`. */
export function renderExample(): string {
  const head = [
    "# Every setting of Portcullis. None is needed to try it on one machine.",
    "# Copy this file to .env, or set them in the environment, which goes first.",
    "# In .env: UTF-8; NAME=value or export NAME=value. A # after a space begins a comment. Nothing is",
    "# expanded: $ and \\ stand for themselves. Values may be in single quotes (as they are, over several",
    "# lines too) or double quotes (with \\n, \\r, \\t, \\\", \\\\ and \\$). Docker's --env-file knows no quotes.",
  ];
  const entries = Object.values<Setting>(settingsTable).flatMap((setting) => [
    "",
    ...wrapped(setting.description),
    ...(setting.secret ? [`# Also as ${setting.name}_FILE: the path of a file that holds it.`] : []),
    setting.default === null ? `# Not set by default. Example: ${setting.example}` : `# Default: ${setting.default}`,
    `# ${setting.name}=${setting.default ?? ""}`,
  ]);
  return [...head, ...entries, ""].join("\n");
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = "#";
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > lineLength) {
      lines.push(line);
      line = "#";
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
