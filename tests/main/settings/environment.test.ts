import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, expect, test } from "vitest";
import { renderExample } from "#src/main/settings/env-example";
import { readEnvironment, WrongSetting } from "#src/main/settings/environment";
import { settingsTable } from "#src/main/settings/settings-table";

const good = "7d3f0c5b9a1e4826d0b7f35c8e92a4610f8d3b7c5e2a9416b0d7f35c8e92a461";
const other = "19c04b7e2fd85a63c7e1904d6fb28a35e1d7096c4b8fa253d60e7c19b54f82aa";
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function file(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-env-"));
  folders.push(folder);
  writeFileSync(join(folder, "value"), text);
  return join(folder, "value");
}

test("every setting has its default if nothing is set: the server listens on 127.0.0.1 (PO-11)", () => {
  expect(readEnvironment({})).toEqual({
    port: 3000,
    host: "127.0.0.1",
    publicUrl: null,
    hstsIncludeSubdomains: false,
    dataFolder: resolve("data"),
    databaseUrl: null,
    databaseConnections: 8,
    activeRequests: 256,
    activeRequestsPerOrganization: 64,
    exports: 32,
    exportsPerOrganization: 8,
    connections: 4_000,
    bodyMebibytes: 64,
    secret: null,
    previousSecrets: [],
    gatewayAddress: "127.0.0.1:8000",
    gatewayProbeAddress: "127.0.0.1:8001",
    gatewayFolder: null,
    gatewayGroup: null,
    gatewayFolderInTraefik: null,
    sessionHours: 24,
    sessionRememberDays: 7,
    sessionIdleMinutes: 120,
    sessionRememberIdleHours: 24,
    cookieSameSite: "lax",
    trustedProxies: [],
    auditRetentionDays: 0,
    keyCreationsPerHour: 5,
    oidcProviders: [],
    trustedHeaderProxies: [],
    trustedHeaderEmail: "Remote-Email",
    trustedHeaderName: "Remote-Name",
    trustedHeaderGroups: "Remote-Groups",
    trustedHeaderGroupRoles: {},
    trustedHeaderCreates: false,
    smtpUrl: null,
    mailFrom: null,
    waitsPerCaller: 20,
    waitsPerOrganization: 200,
    waits: 2_000,
    logLevel: "info",
  });
});

test("an empty value counts as not set", () => {
  expect(readEnvironment({ PORT: "", DATABASE_URL: "", PORTCULLIS_SECRET: "" }).port).toBe(3000);
});

test.each([
  ["PORT", "0x50", 'PORT must be a whole number from 0 to 65535, and is "0x50"'],
  ["PORT", "65536", 'PORT must be a whole number from 0 to 65535, and is "65536"'],
  ["PORT", "-1", 'PORT must be a whole number from 0 to 65535, and is "-1"'],
  ["PORT", "3000/tcp", 'PORT must be a whole number from 0 to 65535, and is "3000/tcp"'],
  [
    "PORT",
    "tcp://10.0.0.1:3000",
    'PORT must be a whole number from 0 to 65535, and is "tcp://10.0.0.1:3000", the address of a service, as Kubernetes sets it for a service of that name: set PORT=3000, or enableServiceLinks: false',
  ],
  [
    "PORT",
    "127.0.0.1:3000",
    'PORT must be a whole number from 0 to 65535 without an address, and is "127.0.0.1:3000": PORT=3000 and HOST=127.0.0.1 may be meant',
  ],
  [
    "PORT",
    "[::]:3000",
    'PORT must be a whole number from 0 to 65535 without an address, and is "[::]:3000": PORT=3000 and HOST=:: may be meant',
  ],
  [
    "PORT",
    ":3000",
    'PORT must be a whole number from 0 to 65535 without an address, and is ":3000": PORT=3000 may be meant',
  ],
  ["HOST", "127.0.0.1:3000", "HOST must be an address without a port: the port is PORT"],
  ["HOST", "[::1]:3000", "HOST must be an address without a port: the port is PORT"],
  [
    "PORTCULLIS_DATA",
    '"/data"',
    "PORTCULLIS_DATA must not be in quotes: leave them out (docker --env-file keeps them)",
  ],
  ["PORT", "'3000'", "PORT must not be in quotes: leave them out (docker --env-file keeps them)"],
  ["PORTCULLIS_HSTS_INCLUDE_SUBDOMAINS", "yes", "PORTCULLIS_HSTS_INCLUDE_SUBDOMAINS must be true or false"],
  ["HOST", "http://x", "HOST must be an address or a host name, 127.0.0.1 for example"],
  ["DATABASE_URL", "mysql://db/x", "DATABASE_URL must be postgres://user:password@host:port/database"],
  ["DATABASE_URL", "postgres://a:100%@db/x", "DATABASE_URL must have every percent sign in it written as %25"],
  ["DATABASE_URL", "db.example.org", "DATABASE_URL must be postgres://user:password@host:port/database"],
  [
    "PORTCULLIS_PUBLIC_URL",
    "example.org",
    'PORTCULLIS_PUBLIC_URL must begin with https:// or http://, and is "example.org": https://example.org may be meant',
  ],
  ["PORTCULLIS_GATEWAY_ADDRESS", "8000", "PORTCULLIS_GATEWAY_ADDRESS must be host:port, 127.0.0.1:8000 for example"],
  ["PORTCULLIS_GATEWAY_ADDRESS", "127.0.0.1:70000", "PORTCULLIS_GATEWAY_ADDRESS must have a port up to 65535"],
  [
    "PORTCULLIS_GATEWAY_ADDRESS",
    "127.0.0.1:3000",
    "PORTCULLIS_GATEWAY_ADDRESS must not be where PORT is: each needs a port of its own",
  ],
  [
    "PORTCULLIS_GATEWAY_PROBE_ADDRESS",
    "127.0.0.1:8000",
    "PORTCULLIS_GATEWAY_PROBE_ADDRESS must not be where PORTCULLIS_GATEWAY_ADDRESS is: each needs a port of its own",
  ],
  ["PORTCULLIS_GATEWAY_GROUP", "a b", "PORTCULLIS_GATEWAY_GROUP must be the name or the number of a group"],
  ["PORTCULLIS_GATEWAY_DIR_IN_TRAEFIK", "etc/x", "PORTCULLIS_GATEWAY_DIR_IN_TRAEFIK must be an absolute path"],
  ["PORTCULLIS_DATABASE_CONNECTIONS", "1", "PORTCULLIS_DATABASE_CONNECTIONS must be a whole number from 2 to 500"],
  ["PORTCULLIS_LOG_LEVEL", "loud", "PORTCULLIS_LOG_LEVEL must be trace, debug, info, warn, error, fatal or silent"],
])("the setting %s=%s is refused in one line that names it", (name, value, message) => {
  expect(() => readEnvironment({ [name]: value })).toThrow(new WrongSetting(name, message.slice(name.length + 1)));
});

test("white space around a value is removed, including the carriage return of a Windows --env-file", () => {
  const read = readEnvironment({
    PORT: "3001 ",
    HOST: " [::1]\r",
    PORTCULLIS_PUBLIC_URL: "\tHTTPS://Portcullis.Example.org:443/\r\n",
    PORTCULLIS_SECRET: `${good}\r`,
    PORTCULLIS_LOG_LEVEL: "warn\n",
  });
  expect(read).toMatchObject({
    port: 3001,
    host: "::1",
    publicUrl: "https://portcullis.example.org",
    logLevel: "warn",
  });
  expect(read.secret?.toString("hex")).toBe(good);
});

test("a secret file that everyone can write is refused", () => {
  const path = file(good);
  chmodSync(path, 0o646);
  expect(refusalOf({ PORTCULLIS_SECRET_FILE: path })).toBe(
    `PORTCULLIS_SECRET_FILE must not name a file that everybody can write (${path})`,
  );
  chmodSync(path, 0o444); // as Docker and Kubernetes mount secrets
  expect(readEnvironment({ PORTCULLIS_SECRET_FILE: path }).secret?.toString("hex")).toBe(good);
});

test.each([
  ["hunter2", "at least 32 bytes"],
  ["0".repeat(64), "not random"],
  ["no base64 at all!", "hex or base64"],
])("a weak secret is refused without repeating it (%#)", (value, problem) => {
  const refusal = refusalOf({ PORTCULLIS_SECRET: value });
  expect(refusal).toMatch(/^PORTCULLIS_SECRET the secret /);
  expect(refusal).toContain(problem);
  expect(refusal).not.toContain(value);
  expect(refusal).not.toContain("\n");
});

const oidcProvider = {
  slug: "company",
  name: "Company",
  issuer: "https://login.example.org",
  clientId: "portcullis",
  clientSecret: "hunter2-hunter2",
};

/** Valid values of secret settings that are not plain secrets. */
const secretValues: Readonly<Record<string, string>> = {
  DATABASE_URL: "postgres://a:b@127.0.0.1:5432/c",
  PORTCULLIS_OIDC_PROVIDERS: JSON.stringify([oidcProvider]),
  PORTCULLIS_SMTP_URL: "smtps://a:b@mail.example.org:465",
};

test.each(Object.values(settingsTable).filter((setting) => "secret" in setting))(
  "the secret setting $name can be read from $name_FILE (PO-7, PO-8)",
  ({ name }) => {
    const value = secretValues[name] ?? good;
    const byValue = readEnvironment({ [name]: value });
    expect(readEnvironment({ [`${name}_FILE`]: file(`${value}\n`) })).toEqual(byValue);
    expect(byValue).not.toEqual(readEnvironment({}));
  },
);

test.each([
  ["{", "must be JSON: a JSON array of providers"],
  ["{}", "must be a JSON array of providers: it must be there, of type array"],
  [[{ ...oidcProvider, slug: "password" }], "0.slug must not be a word that is another way to sign in"],
  [[{ ...oidcProvider, slug: "A b" }], "0.slug must be 1 to 40 lower-case letters, digits or hyphens"],
  [[{ ...oidcProvider, issuer: "login.example.org" }], "0.issuer must be a URL with https"],
  [[{ ...oidcProvider, issuer: "https://a:b@login.example.org" }], "0.issuer must be a URL with https"],
  [[{ ...oidcProvider, clientId: undefined }], "0.clientId must be there, of type string"],
  [[{ ...oidcProvider, "hunter2-hunter2": 1 }], "0 has an unknown field"],
  [[oidcProvider, oidcProvider], "must have slugs that differ"],
])("invalid OpenID Connect providers are refused in one line without their secret (TM-12, %#)", (value, problem) => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const refusal = refusalOf({ PORTCULLIS_OIDC_PROVIDERS: text });
  expect(refusal).toMatch(/^PORTCULLIS_OIDC_PROVIDERS must be /);
  expect(refusal).toContain(problem);
  expect(refusal).not.toContain("hunter2");
  expect(refusal).not.toContain("\n");
});

test("sign-in by trusted header is read from its settings, and invalid ones are refused (TM-35)", () => {
  const read = readEnvironment({
    PORTCULLIS_TRUSTED_HEADER_PROXIES: "10.0.0.2, 10.1.0.0/16",
    PORTCULLIS_TRUSTED_HEADER_GROUP_ROLES: '{"admins":"owner"}',
    PORTCULLIS_TRUSTED_HEADER_CREATES: "true",
  });
  expect(read).toMatchObject({
    trustedHeaderProxies: ["10.0.0.2", "10.1.0.0/16"],
    trustedHeaderGroupRoles: { admins: "owner" },
    trustedHeaderCreates: true,
  });
  expect(refusalOf({ PORTCULLIS_TRUSTED_HEADER_GROUP_ROLES: '{"admins":"king"}' })).toBe(
    "PORTCULLIS_TRUSTED_HEADER_GROUP_ROLES must be a JSON object of groups and roles: admins is not allowed",
  );
  expect(refusalOf({ PORTCULLIS_TRUSTED_HEADER_EMAIL: "Remote Email" })).toContain("must be the name of a header");
});

test("a secret file that cannot be read is refused with its path", () => {
  expect(refusalOf({ PORTCULLIS_SECRET_FILE: "/nowhere/at/all" })).toBe(
    "PORTCULLIS_SECRET_FILE must name a file that can be read (/nowhere/at/all: ENOENT)",
  );
});

test("a secret that is set both as a value and as a file is refused", () => {
  expect(refusalOf({ PORTCULLIS_SECRET: good, PORTCULLIS_SECRET_FILE: file(good) })).toBe(
    "PORTCULLIS_SECRET_FILE must not be set together with PORTCULLIS_SECRET",
  );
});

test("previous secrets are read as a list", () => {
  const { previousSecrets } = readEnvironment({ PORTCULLIS_SECRET_PREVIOUS: `${good}, ${other}` });
  expect(previousSecrets.map((secret) => secret.toString("hex"))).toEqual([good, other]);
});

test(".env.example equals what the settings table renders", () => {
  expect(readFileSync(".env.example", "utf8")).toBe(renderExample());
});

test(".env.example names every setting once as a comment", () => {
  const lines = readFileSync(".env.example", "utf8").split("\n");
  for (const { name } of Object.values(settingsTable)) {
    expect(lines.filter((line) => line.startsWith(`# ${name}=`))).toHaveLength(1);
  }
  expect(lines.filter((line) => line !== "" && !line.startsWith("#"))).toEqual([]);
});

function refusalOf(environment: Record<string, string>): string {
  try {
    readEnvironment(environment);
  } catch (error) {
    if (error instanceof WrongSetting) return error.message;
  }
  throw new Error("it was not refused");
}
