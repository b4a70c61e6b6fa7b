import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ConnectionOptions } from "node:tls";
import type { Options } from "postgres";
import { type DatabaseAddress, readDatabaseUrl } from "./database-url";
import { UnusableDatabase } from "./unusable-database";

const defaultHost = "localhost";
const defaultPort = 5432;
/** In seconds. */
const connectTimeout = 5;

/**
 * Returns the options with which the driver `postgres` reaches the server of a `DATABASE_URL`. The driver never gets
 * the URL itself: it treats unknown parameters as session settings, and an unencoded `@` as the end of the password.
 * @throws UnusableDatabase if the URL, or a file that it names, cannot be read
 */
export function driverOptions(url: string): Options<Record<string, never>> {
  // Unknown parameters were already refused when the settings were read.
  const read = readDatabaseUrl(url, { ignoreUnknown: true });
  if (!read.ok) throw new UnusableDatabase(`DATABASE_URL ${read.problem}`);
  const { address } = read;
  const port = address.port ?? defaultPort;
  const options: Options<Record<string, never>> = {
    ...(address.socketFolder === null ? {} : { path: join(address.socketFolder, `.s.PGSQL.${port}`) }),
    ...(address.user === null ? {} : { user: address.user }),
    ...(address.password === null ? {} : { pass: address.password }),
    ...(address.database === null ? {} : { database: address.database }),
    ssl: tlsOptions(address),
    connect_timeout: address.connectTimeout ?? connectTimeout,
  };
  // The driver's types lack these lists. It splits a text at each colon, even inside an IPv6 address.
  return Object.assign(options, {
    host: [address.host ?? defaultHost],
    port: [port],
    ...(address.tls.isDirect ? { sslnegotiation: "direct" } : {}),
  });
}

function tlsOptions({ host, tls }: DatabaseAddress): false | "prefer" | ConnectionOptions {
  if (tls.mode === "disable") return false;
  if (tls.mode === "allow" || tls.mode === "prefer") return "prefer";
  const isVerified = tls.mode !== "require";
  return {
    rejectUnauthorized: isVerified,
    // The name that the certificate must have. If the host is an address, the driver passes no name to Node.
    host: host ?? defaultHost,
    ...(tls.mode === "verify-ca" ? { checkServerIdentity: () => undefined } : {}),
    ...(tls.rootCertificate === null || tls.rootCertificate === "system"
      ? {}
      : { ca: fileOf("sslrootcert", tls.rootCertificate) }),
    ...(tls.certificate === null ? {} : { cert: fileOf("sslcert", tls.certificate) }),
    ...(tls.key === null ? {} : { key: fileOf("sslkey", tls.key) }),
  };
}

function fileOf(parameter: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "unreadable";
    throw new UnusableDatabase(
      `${parameter} in DATABASE_URL must name a file that this process can read (${path}: ${code})`,
    );
  }
}

/** The address of the server of a `DATABASE_URL`, for messages. It contains neither user name nor password. */
export function serverAddressOf(url: string): string {
  const read = readDatabaseUrl(url, { ignoreUnknown: true });
  if (!read.ok) return "the server in DATABASE_URL";
  const { host, socketFolder, port } = read.address;
  if (socketFolder !== null) return join(socketFolder, `.s.PGSQL.${port ?? defaultPort}`);
  const name = host ?? defaultHost;
  return `${name.includes(":") ? `[${name}]` : name}:${port ?? defaultPort}`;
}
