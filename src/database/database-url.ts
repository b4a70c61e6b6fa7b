/** How the connection to PostgreSQL is protected. The names are those of libpq. */
const tlsModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
export type TlsMode = (typeof tlsModes)[number];

/** The parsed `DATABASE_URL`. A part that it omits is null. */
export interface DatabaseAddress {
  /** A name or an address, without brackets. */
  readonly host: string | null;
  /** The folder of the server's unix socket, instead of a host. */
  readonly socketFolder: string | null;
  readonly port: number | null;
  readonly user: string | null;
  readonly password: string | null;
  readonly database: string | null;
  readonly tls: {
    readonly mode: TlsMode;
    /** Paths of files. In the first, `system` means the certificates that Node trusts. */
    readonly rootCertificate: string | null;
    readonly certificate: string | null;
    readonly key: string | null;
    /** TLS from the first byte, without a request for it (PostgreSQL 17 and newer). */
    readonly isDirect: boolean;
  };
  /** In seconds. */
  readonly connectTimeout: number | null;
}

/** `problem` continues a sentence that begins with the setting's name. It contains neither user name nor password. */
export type ReadDatabaseUrl =
  | { readonly ok: true; readonly address: DatabaseAddress }
  | { readonly ok: false; readonly problem: string };

const form = "must be postgres://user:password@host:port/database";
const encoding = "in the user name and the password, write @ as %40, / as %2F, ? as %3F, # as %23 and % as %25";

/** Parameters that are read here, and parameters that only repeat the default behavior. */
const knownParameters = [
  "host",
  "port",
  "user",
  "password",
  "dbname",
  "sslmode",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "sslnegotiation",
  "connect_timeout",
  "target_session_attrs",
  "channel_binding",
  "gssencmode",
] as const;

const instead: Readonly<Record<string, string>> = {
  schema: "The tables are in the schema public",
  currentschema: "The tables are in the schema public",
  search_path: "The tables are in the schema public",
  pgbouncer: "PgBouncer in transaction mode cannot be used: give the address of PostgreSQL itself",
  connection_limit: "PORTCULLIS_DATABASE_CONNECTIONS sets the number of connections",
  pool_timeout: "PORTCULLIS_DATABASE_CONNECTIONS sets the number of connections",
  max: "PORTCULLIS_DATABASE_CONNECTIONS sets the number of connections",
  options: "Portcullis sets the session's settings itself",
  application_name: "The name is always portcullis",
};

/**
 * Parses a connection string of PostgreSQL: host or unix socket (`?host=/var/run/postgresql`, or the folder as a host
 * with %2F), user, password, database and TLS.
 * @param options.ignoreUnknown ignores unknown parameters instead of refusing them
 */
export function readDatabaseUrl(text: string, options: { ignoreUnknown?: boolean } = {}): ReadDatabaseUrl {
  try {
    return { ok: true, address: addressIn(text.trim(), options.ignoreUnknown ?? false) };
  } catch (error) {
    if (error instanceof Problem) return { ok: false, problem: error.message };
    throw error;
  }
}

class Problem extends Error {}

function refuse(problem: string): never {
  throw new Problem(problem);
}

function addressIn(text: string, ignoreUnknown: boolean): DatabaseAddress {
  if (/[\s\p{Cc}]/u.test(text)) refuse("must not contain spaces or line breaks (a space is written as %20)");
  if (!/^postgres(?:ql)?:\/\//i.test(text)) refuse(form);
  if (text.includes("#")) refuse(`must not contain # (it ends an address): ${encoding}`);
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) refuse("must have every percent sign in it written as %25");
  const [, authority = "", path = "", query = ""] = /:\/\/([^/?]*)(\/[^?]*)?(?:\?(.*))?$/s.exec(text) ?? [];
  if (`${path}${query}`.includes("@")) refuse(`has an @ behind the host: ${encoding}`);

  const at = authority.lastIndexOf("@");
  const [user, password] = at < 0 ? [] : partsAt(authority.slice(0, at), ":");
  const parameters = parametersIn(query, ignoreUnknown);
  const server = serverIn(authority.slice(at + 1), parameters);
  const database = decoded(path.slice(1));
  if (path.indexOf("/", 1) >= 0) refuse(`must have one name after the host, the database's: ${form.slice(8)}`);
  return {
    ...server,
    user: parameters.get("user") ?? (decoded(user ?? "") || null),
    password: parameters.get("password") ?? (decoded(password ?? "") || null),
    database: parameters.get("dbname") ?? (database || null),
    tls: tlsIn(parameters, server.socketFolder !== null),
    connectTimeout: wholeNumber("connect_timeout", parameters.get("connect_timeout"), 1, 3_600),
  };
}

function serverIn(hostAndPort: string, parameters: ReadonlyMap<string, string>) {
  if (hostAndPort.includes(",")) refuse("names several hosts: name one, which takes writes");
  const [, bracketed, plain = "", port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/s.exec(hostAndPort) ?? refuse(form);
  const host = parameters.get("host") ?? bracketed ?? decoded(plain);
  if (host.includes(",")) refuse("names several hosts: name one, which takes writes");
  if (/[\s/@]/.test(host.replace(/^\/.*/s, ""))) refuse(form);
  return {
    host: host === "" || host.startsWith("/") ? null : host,
    socketFolder: host.startsWith("/") ? host : null,
    port: wholeNumber("port", parameters.get("port") ?? (port || undefined), 1, 65_535),
  };
}

function parametersIn(query: string, ignoreUnknown: boolean): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const part of query.split("&").filter((text) => text !== "")) {
    const [rawName = "", rawValue = ""] = partsAt(part, "=");
    const name = decoded(rawName);
    if (isKnown(name)) parameters.set(name, decoded(rawValue));
    else if (name.toLowerCase() === "ssl") parameters.set("sslmode", modeOfSsl(decoded(rawValue)));
    else if (!ignoreUnknown) refuse(unknownParameter(name));
  }
  requireOneOf(parameters, "target_session_attrs", ["any", "read-write", "primary"]);
  requireOneOf(parameters, "channel_binding", ["disable", "prefer"]);
  requireOneOf(parameters, "gssencmode", ["disable", "prefer"]);
  requireOneOf(parameters, "sslnegotiation", ["postgres", "direct"]);
  return parameters;
}

const isKnown = (name: string): boolean => knownParameters.some((known) => known === name);

function unknownParameter(name: string): string {
  const advice = instead[name.toLowerCase()];
  if (advice) return `has the parameter ${name}, which Portcullis does not use. ${advice}. Remove the parameter`;
  const shown = /^[A-Za-z_]{1,40}$/.test(name) ? `the parameter ${name}, which is not known` : "an unknown parameter";
  return `has ${shown}. Known parameters: ${knownParameters.join(", ")}`;
}

function requireOneOf(parameters: ReadonlyMap<string, string>, name: string, values: readonly string[]): void {
  const value = parameters.get(name);
  if (value !== undefined && !values.includes(value)) refuse(`must have ${name}=${values.join(` or ${name}=`)}`);
}

/** Other drivers for Node write `ssl=true` and `ssl=require`. */
function modeOfSsl(value: string): string {
  if (value === "true" || value === "1") return "require";
  return value === "false" || value === "0" ? "disable" : value;
}

function tlsIn(parameters: ReadonlyMap<string, string>, isSocket: boolean): DatabaseAddress["tls"] {
  const rootCertificate = parameters.get("sslrootcert") || null;
  const certificate = parameters.get("sslcert") || null;
  const key = parameters.get("sslkey") || null;
  if ((certificate === null) !== (key === null)) refuse("must have both sslcert and sslkey, or neither");
  const word = parameters.get("sslmode") ?? (rootCertificate === "system" ? "verify-full" : "disable");
  // The driver `pg` writes `no-verify` for what libpq calls `require`.
  const requested = word === "no-verify" ? "require" : word;
  const mode = tlsModes.find((known) => known === requested);
  if (!mode) return refuse(`must have sslmode=${tlsModes.slice(0, -1).join(", ")} or ${tlsModes.at(-1)}`);
  return {
    // As in libpq, a unix socket has no TLS, and `require` with a root certificate verifies the certificate.
    mode: isSocket ? "disable" : mode === "require" && rootCertificate !== null ? "verify-ca" : mode,
    rootCertificate,
    certificate,
    key,
    isDirect: parameters.get("sslnegotiation") === "direct",
  };
}

function wholeNumber(name: string, text: string | undefined, from: number, to: number): number | null {
  if (text === undefined) return null;
  const number = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= from && number <= to) return number;
  return refuse(`must have a whole number from ${from} to ${to} as ${name}; ${encoding}`);
}

function partsAt(text: string, separator: string): [string] | [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse("must have every percent sign in it written as %25");
  }
}
