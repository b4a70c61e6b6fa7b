import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Database } from "#src/database/database";
import { discover } from "#src/identity/external/discover";
import type { OidcProvider } from "#src/identity/external/provider";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Runs discovery, with local addresses allowed, against a provider that publishes this document. */
async function discoverFrom(document: (url: string) => Record<string, unknown>) {
  let url = "";
  const server = createServer((_request, response) => {
    const endpoints = {
      authorization_endpoint: `${url}/auth`,
      token_endpoint: `${url}/token`,
      jwks_uri: `${url}/jwks`,
    };
    response.end(JSON.stringify({ issuer: url, ...endpoints, ...document(url) }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider: OidcProvider = {
    providerId: "idp_a",
    organizationId: "org_a",
    slug: "a",
    name: "A",
    issuer: url,
    internalUrl: null,
    clientId: "portcullis",
    clientSecret: null,
    scopes: ["openid"],
    groupsClaim: "groups",
    allowedEmails: [],
    allowedDomains: [],
    allowedGroups: [],
    groupRoles: {},
    trustedDomains: [],
    emailProof: "email_verified",
    createsPersons: false,
    allowedAddresses: "local",
  };
  const database: Partial<Database> = {};
  const clock = { now: () => new Date("2026-11-20T10:00:00Z") };
  return discover({ clock, resolver: { addresses: async () => [] }, database: database as Database }, provider);
}

describe("OpenID Connect discovery (TM-18)", () => {
  it("a discovery document is accepted if all its endpoints are at allowed addresses", async () => {
    expect(await discoverFrom(() => ({}))).toMatchObject({
      algorithm: "RS256",
      clientAuthentication: "none",
      namesIssuer: false,
    });
  });

  it.each(["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"])(
    "a discovery document is refused with provider_unavailable if its %s is a forbidden address",
    async (name) => {
      const forbidden = "http://169.254.169.254/latest/meta-data";
      await expect(discoverFrom(() => ({ [name]: forbidden }))).rejects.toMatchObject({
        reason: "provider_unavailable",
      });
    },
  );

  it.each([
    ["discovery_issuer_mismatch", { issuer: "https://another.example" }],
    ["discovery_invalid", { token_endpoint: "file:///etc/passwd" }],
    ["discovery_invalid", { id_token_signing_alg_values_supported: ["none", "HS256"] }],
  ])("a discovery document is refused with %s if it contains %j", async (reason, document) => {
    await expect(discoverFrom(() => document)).rejects.toMatchObject({ reason });
  });
});
