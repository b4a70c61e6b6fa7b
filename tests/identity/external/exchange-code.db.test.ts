import { createHash, generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { auditEntries, refusalCounts } from "#drizzle/audit";
import { openBrowser } from "#tests/support/browser";
import {
  type ProviderAnswer,
  type RunningProvider,
  type SigningAlgorithm,
  startOidcProvider,
  type TokenClaims,
} from "#tests/support/oidc-provider";
import { comeBack, insertProvider, redirectUri, startSignIn } from "#tests/support/oidc-sign-in";
import { deleteRows, lastRow } from "#tests/support/rows/table";
import { openWorld, testOrigin, type World } from "#tests/support/world";

let world: World;
let idp: RunningProvider;
const others: RunningProvider[] = [];

beforeAll(async () => {
  world = await openWorld();
  idp = await startOidcProvider({ redirectUris: [redirectUri("main")], claimsInToken: true });
  await insertProvider(world, idp, "main", { createsPersons: true });
});
afterAll(async () => {
  await Promise.all([world.close(), idp.close(), ...others.map((other) => other.close())]);
});
beforeEach(async () => {
  await deleteRows(world.db.owner, refusalCounts);
});
afterEach(() => {
  idp.tamper = null;
  idp.tamperHeader = null;
  idp.alter = null;
});

let visitors = 0;

/** One sign-in of a new person. @returns why it was refused, by the audit log; null for a sign-in */
async function refusalAt(provider: RunningProvider, slug: string): Promise<string | null> {
  visitors += 1;
  const browser = openBrowser(world, { ip: `198.51.100.${visitors}` });
  const sub = `sub-${visitors}`;
  provider.person = { sub, email: `${sub}@example.org`, email_verified: true, groups: ["staff"] };
  const response = await browser.fetch(await comeBack(browser, provider, slug));
  if (browser.cookies.has("__Host-portcullis.session")) {
    expect(response.headers.get("location")).toBe(`${testOrigin}/`);
    return null;
  }
  const row = await lastRow(world.db.owner, auditEntries, { outcome: "refused" }, ["reason"]);
  const shown = row?.reason === "provider_unavailable" ? "provider_unavailable" : "provider_refused";
  expect(response.headers.get("location")).toBe(`${testOrigin}/sign-in?error=${shown}`);
  return row?.reason ?? "nothing in the audit log";
}

/** Changes the responses at one path. */
function altering(path: string, change: (answer: ProviderAnswer) => Partial<ProviderAnswer>) {
  idp.alter = (at, answer) => (at === path ? { ...answer, ...change(answer) } : answer);
}

/** Changes the JSON of the responses at one path. */
function alteringJson(path: string, change: (body: Record<string, unknown>) => unknown) {
  altering(path, ({ body }) => ({ body: JSON.stringify(change(JSON.parse(body) as Record<string, unknown>)) }));
}

const now = () => Math.floor(Date.now() / 1_000);

describe("the signature of an ID token", () => {
  const otherKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" });

  const algorithms: readonly SigningAlgorithm[] = [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
  ];
  it.each(algorithms)(
    "the signature of an ID token is checked by the algorithm that the provider publishes: %s",
    async (algorithm) => {
      const slug = `by-${algorithm.toLowerCase()}`;
      const provider = await startOidcProvider({ redirectUris: [redirectUri(slug)], claimsInToken: true, algorithm });
      others.push(provider);
      await insertProvider(world, provider, slug, { createsPersons: true });
      expect(await refusalAt(provider, slug)).toBeNull();
      provider.tamper = (claims) => claims;
      expect(await refusalAt(provider, slug)).toBeNull();
      const accessToken = "an access token";
      const hash = createHash(algorithm === "EdDSA" ? "sha512" : `sha${algorithm.slice(-3)}`).update(accessToken);
      const digest = hash.digest();
      provider.tamper = (claims) => ({
        ...claims,
        at_hash: digest.subarray(0, digest.length / 2).toString("base64url"),
      });
      provider.alter = (path, answer) => {
        if (path === "/token") {
          const body = JSON.parse(answer.body) as Record<string, unknown>;
          return { ...answer, body: JSON.stringify({ ...body, access_token: accessToken }) };
        }
        const userinfo = JSON.stringify({ sub: provider.person.sub });
        return path === "/me" ? { ...answer, status: 200, headers: {}, body: userinfo } : answer;
      };
      expect(await refusalAt(provider, slug)).toBeNull();
      // Signed with the client's secret, and not at all.
      for (const alg of ["HS256", "none"]) {
        provider.tamperHeader = (header) => ({ ...header, alg });
        expect(await refusalAt(provider, slug)).toBe("algorithm_mismatch");
      }
    },
  );

  it("the signature of an ID token is not accepted by another algorithm with the same key", async () => {
    idp.tamperHeader = (header) => ({ ...header, alg: "PS256" });
    expect(await refusalAt(idp, "main")).toBe("algorithm_mismatch");
  });

  it("the signature of an ID token is checked without a key id if the provider has one key", async () => {
    idp.tamperHeader = ({ kid: _, ...header }) => header;
    expect(await refusalAt(idp, "main")).toBeNull();
  });

  it.each<[string, (key: Record<string, unknown>, other: Record<string, unknown>) => unknown[], string | null]>([
    ["no key", () => [], "signature_invalid"],
    ["a key of another id", (key) => [{ ...key, kid: "another" }], "signature_invalid"],
    ["a key for encryption", (key) => [{ ...key, use: "enc" }], "signature_invalid"],
    ["a key of another algorithm", (key) => [{ ...key, alg: "RS512" }], "signature_invalid"],
    ["another key with the id", (_, other) => [other], "signature_invalid"],
    ["two keys with one id, of which the second fits", (key, other) => [other, key], null],
    ["two keys with one id, of which none fits", (_, other) => [other, { ...other }], "signature_invalid"],
    ["a key without use and algorithm", ({ use: _, alg: __, ...key }) => [key], null],
  ])("the signature of an ID token is checked correctly if the provider publishes %s", async (_, publish, reason) => {
    const other = { ...otherKey, kid: "first", use: "sig", alg: "RS256" };
    alteringJson("/jwks", (jwks) => ({ keys: publish((jwks.keys as never[])[0] ?? {}, other) }));
    expect(await refusalAt(idp, "main")).toBe(reason);
  });

  it("the signature of an ID token needs a key id if the provider has two keys", async () => {
    alteringJson("/jwks", ({ keys }) => ({ keys: [...(keys as Record<string, unknown>[]), ...(keys as never[])] }));
    idp.tamperHeader = ({ kid: _, ...header }) => header;
    expect(await refusalAt(idp, "main")).toBe("signature_invalid");
  });

  it("the signature of an ID token covers every claim", async () => {
    alteringJson("/token", (body) => {
      const [header, payload = "", signature] = String(body.id_token).split(".");
      const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as TokenClaims;
      const changed = Buffer.from(JSON.stringify({ ...claims, groups: ["admins"] })).toString("base64url");
      return { ...body, id_token: `${header}.${changed}.${signature}` };
    });
    expect(await refusalAt(idp, "main")).toBe("signature_invalid");
  });
});

describe("the claims of an ID token", () => {
  it.each<[string, (claims: TokenClaims) => TokenClaims, string | null]>([
    ["that ended five seconds ago", (claims) => ({ ...claims, exp: now() - 5 }), null],
    ["that ended fifteen seconds ago", (claims) => ({ ...claims, exp: now() - 15 }), "token_expired"],
    ["that begins in five seconds", (claims) => ({ ...claims, nbf: now() + 5 }), null],
    ["that begins in twenty seconds", (claims) => ({ ...claims, nbf: now() + 20 }), "token_not_yet_valid"],
    ["without an end", ({ exp: _, ...claims }) => claims, "claim_missing"],
    ["without the time of issue", ({ iat: _, ...claims }) => claims, "claim_missing"],
    ["without an issuer", ({ iss: _, ...claims }) => claims, "claim_missing"],
    ["without an audience", ({ aud: _, ...claims }) => claims, "claim_missing"],
    ["with a number as its subject", (claims) => ({ ...claims, sub: 7 }), "claim_missing"],
    ["with an empty subject", (claims) => ({ ...claims, sub: "" }), "claim_missing"],
    ["with a list as its issuer", (claims) => ({ ...claims, iss: [idp.issuer] }), "issuer_mismatch"],
    ["with an issuer and a slash", (claims) => ({ ...claims, iss: `${idp.issuer}/` }), "issuer_mismatch"],
    ["for this client in a list", (claims) => ({ ...claims, aud: ["portcullis"] }), null],
    ["for no client", (claims) => ({ ...claims, aud: [] }), "audience_mismatch"],
    ["for two, and made for nobody", (claims) => ({ ...claims, aud: ["portcullis", "b"] }), "audience_mismatch"],
    ["for two, and made for this one", (claims) => ({ ...claims, aud: ["portcullis", "b"], azp: "portcullis" }), null],
    ["for this client, and made for it", (claims) => ({ ...claims, azp: "portcullis" }), null],
    ["for this client, and made for another", (claims) => ({ ...claims, azp: "another" }), "audience_mismatch"],
    ["with the hash of another access token", (claims) => ({ ...claims, at_hash: "A".repeat(22) }), "exchange_failed"],
    ["without the hash of the access token", ({ at_hash: _, ...claims }) => claims, null],
    ["with a time of authentication", (claims) => ({ ...claims, auth_time: now() }), null],
    ["with a time of authentication as text", (claims) => ({ ...claims, auth_time: "now" }), "exchange_failed"],
    ["with a nonce that is no text", (claims) => ({ ...claims, nonce: 7 }), "nonce_mismatch"],
  ])("%s", async (_, tamper, reason) => {
    idp.tamper = tamper;
    idp.alter = (path, answer) => (path === "/me" ? { ...answer, body: withSubjectOf(idp, answer.body) } : answer);
    expect(await refusalAt(idp, "main")).toBe(reason);
  });

  /** The userinfo endpoint repeats what the ID token says of the subject, so that only the token is judged. */
  function withSubjectOf({ tamper }: RunningProvider, body: string): string {
    const userinfo = JSON.parse(body) as TokenClaims;
    return JSON.stringify({ ...userinfo, sub: tamper?.({ sub: userinfo.sub }).sub });
  }
});

describe("a response of the token endpoint", () => {
  it.each<[string, (body: Record<string, unknown>) => unknown, string | null]>([
    ["without an access token", ({ access_token: _, ...body }) => body, null],
    ["without a type of the access token", ({ token_type: _, ...body }) => body, null],
    ["with a type in lower case", (body) => ({ ...body, token_type: "bearer" }), null],
    ["with a refresh token that is null", (body) => ({ ...body, refresh_token: null }), null],
    ["with a lifetime that is no number", (body) => ({ ...body, expires_in: "soon" }), null],
    ["with scopes as a list", (body) => ({ ...body, scope: ["openid"] }), null],
    ["without an ID token", ({ id_token: _, ...body }) => body, "id_token_missing"],
    ["with an ID token that is none", (body) => ({ ...body, id_token: "a.b.c" }), "exchange_failed"],
    ["with an encrypted ID token", (body) => ({ ...body, id_token: "a.b.c.d.e" }), "exchange_failed"],
  ])("%s", async (_, change, reason) => {
    alteringJson("/token", change);
    expect(await refusalAt(idp, "main")).toBe(reason);
  });

  it.each(["/token", "/jwks", "/me"])(
    "the response of the token endpoint is read as JSON, whatever %s calls it",
    async (path) => {
      altering(path, () => ({ type: "text/plain" }));
      expect(await refusalAt(idp, "main")).toBeNull();
    },
  );

  it.each([
    ["/token", { body: "<html>" }, "exchange_failed"],
    ["/token", { status: 400, body: '{"error":"invalid_grant"}' }, "token_refused"],
    ["/token", { status: 400, type: "text/html", body: "<html>" }, "token_refused"],
    [
      "/token",
      { status: 401, body: '{"error":"invalid_client"}', headers: { "www-authenticate": "Basic" } },
      "token_refused",
    ],
    ["/token", { status: 500, body: "" }, "token_refused"],
    ["/token", { status: 201 }, "token_refused"],
    ["/jwks", { status: 500 }, "token_refused"],
    ["/jwks", { body: "<html>" }, "exchange_failed"],
    ["/jwks", { body: '{"keys":7}' }, "exchange_failed"],
    ["/me", { status: 401, headers: { "www-authenticate": 'Bearer error="invalid_token"' } }, "token_refused"],
    ["/me", { status: 403 }, "token_refused"],
    ["/me", { headers: { "www-authenticate": "Bearer" } }, null],
    ["/me", { type: "application/jwt", body: "a.b.c" }, "exchange_failed"],
    ["/me", { body: "{}" }, "subject_mismatch"],
    ["/me", { body: '{"sub":"another"}' }, "subject_mismatch"],
    ["/me", { body: '{"sub":7}' }, "subject_mismatch"],
  ] as const)("%s: %j", async (path, changed, reason) => {
    altering(path, () => changed);
    expect(await refusalAt(idp, "main")).toBe(reason);
  });

  it.each(["/token", "/jwks", "/me"])("a redirect in the response of %s is not followed (TM-18)", async (path) => {
    let followed = 0;
    const elsewhere = createServer((_request, response) => {
      followed += 1;
      response.end("{}");
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
    const location = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
    for (const status of [302, 307]) {
      altering(path, () => ({ status, headers: { location } }));
      expect(await refusalAt(idp, "main")).toBe("token_refused");
    }
    elsewhere.close();
    expect(followed).toBe(0);
  });

  it.each(["/token", "/jwks", "/me"])("a response of %s that is too long is cut off", async (path) => {
    altering(path, () => ({ body: JSON.stringify({ x: "x".repeat(2 * 1024 * 1024) }) }));
    expect(await refusalAt(idp, "main")).toBe("provider_unavailable");
  });

  it("a provider that is gone since the start of the sign-in is reported as gone", async () => {
    const provider = await startOidcProvider({ redirectUris: [redirectUri("gone")] });
    await insertProvider(world, provider, "gone", { createsPersons: true });
    const browser = openBrowser(world, { ip: "198.51.100.250" });
    const back = await comeBack(browser, provider, "gone");
    await provider.close();
    const response = await browser.fetch(back);
    expect(response.headers.get("location")).toBe(`${testOrigin}/sign-in?error=provider_unavailable`);
  });
});

describe("a request to the token endpoint", () => {
  /** Characters that form encoding changes, and characters that libraries treat differently. */
  const clientId = "a client-1_x.y~z!*'()";
  const clientSecret = "s3cret: +%-_.~&=";
  const encoded = "a+client-1_x.y~z!*'():s3cret%3A+%2B%25-_.~%26%3D";

  async function askedBy(authentication: "client_secret_basic" | "client_secret_post" | "none") {
    const slug = `by-${authentication.replaceAll("_", "-")}`;
    const client = { clientId, clientSecret, authentication };
    const provider = await startOidcProvider({ redirectUris: [redirectUri(slug)], claimsInToken: true, ...client });
    others.push(provider);
    await insertProvider(world, provider, slug, {
      createsPersons: true,
      ...(authentication === "none" ? { clientSecretSealed: null } : {}),
    });
    expect(await refusalAt(provider, slug)).toBeNull();
    const asked = provider.asked.find(({ path }) => path === "/token");
    return { authorization: asked?.headers.authorization, form: asked?.form, headers: asked?.headers };
  }

  it("a request to the token endpoint has the secret in the header, encoded as providers expect it", async () => {
    const { authorization, form, headers } = await askedBy("client_secret_basic");
    expect(authorization).toBe(`Basic ${Buffer.from(encoded).toString("base64")}`);
    expect(Object.keys(form ?? {}).sort()).toEqual(["code", "code_verifier", "grant_type", "redirect_uri"]);
    expect(form).toMatchObject({
      grant_type: "authorization_code",
      redirect_uri: redirectUri("by-client-secret-basic"),
      code_verifier: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(headers?.["accept-encoding"]).toBe("identity");
    expect(headers?.accept).toBe("application/json");
  });

  it("a request to the token endpoint has the secret in the form if the provider accepts it only there", async () => {
    const { authorization, form } = await askedBy("client_secret_post");
    expect(authorization).toBeUndefined();
    expect(form).toMatchObject({ client_id: clientId, client_secret: clientSecret });
  });

  it("a request to the token endpoint names only the client if it has no secret", async () => {
    const { authorization, form } = await askedBy("none");
    expect(authorization).toBeUndefined();
    expect(form?.client_id).toBe(clientId);
    expect(form).not.toHaveProperty("client_secret");
  });
});

describe("the address to which the browser is sent", () => {
  it("the address to which the browser is sent keeps the query of the provider's own address, and has no plus for a space", async () => {
    const provider = await startOidcProvider({ redirectUris: [redirectUri("queried")] });
    others.push(provider);
    provider.alter = (path, answer) => {
      if (path !== "/.well-known/openid-configuration") return answer;
      const document = JSON.parse(answer.body) as Record<string, unknown>;
      return {
        ...answer,
        body: JSON.stringify({ ...document, authorization_endpoint: `${provider.url}/auth?tenant=a&scope=less` }),
      };
    };
    await insertProvider(world, provider, "queried");
    const started = await startSignIn(openBrowser(world, { ip: "198.51.100.251" }), "queried");
    const location = started.headers.get("location") ?? "";
    expect(location).toContain("scope=openid%20email%20profile");
    const { searchParams } = new URL(location);
    expect([...searchParams.keys()].sort()).toEqual([
      "client_id",
      "code_challenge",
      "code_challenge_method",
      "nonce",
      "redirect_uri",
      "response_type",
      "scope",
      "state",
      "tenant",
    ]);
  });
});

it("no part of a token or a client secret reaches the log", async () => {
  const secrets = new Set<string>([idp.clientSecret]);
  const changes: readonly ((answer: ProviderAnswer) => Partial<ProviderAnswer>)[] = [
    ({ body }) => ({ body: body.replace('"id_token":', '"not_id_token":') }),
    ({ body }) => ({ body: `${body}!` }),
    ({ body }) => ({ status: 400, body: JSON.stringify({ error: "invalid_grant", error_description: body }) }),
    ({ body }) => ({ status: 500, body }),
    ({ body }) => ({ body: body.replace(/"id_token":"[^.]+\./, '"id_token":"e30.') }),
  ];
  for (const change of changes) {
    altering("/token", (answer) => {
      for (const [secret] of answer.body.matchAll(/[\w.-]{20,}/g)) secrets.add(secret);
      return change(answer);
    });
    expect(await refusalAt(idp, "main")).not.toBeNull();
  }
  for (const { form } of idp.asked.filter(({ path }) => path === "/token")) {
    secrets.add(String(form.code)).add(String(form.code_verifier));
  }
  expect(secrets.size).toBeGreaterThan(10);
  const log = world.log();
  expect([...secrets].filter((secret) => log.includes(secret))).toEqual([]);
});
