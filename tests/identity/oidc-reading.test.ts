import {
  INVALID_RESPONSE,
  JWT_CLAIM_COMPARISON,
  JWT_TIMESTAMP_CHECK,
  OperationProcessingError,
  ResponseBodyError,
} from "oauth4webapi";
import { describe, expect, it } from "vitest";
import { AddressRefused, requireAllowedUrl } from "#src/identity/external/allowed-addresses";
import { discoveryUrl, endpointsByCaller } from "#src/identity/external/endpoints";
import { readClaims } from "#src/identity/external/provider-claims";
import { reasonOf } from "#src/identity/external/reason-of";
import { TooLate } from "#src/platform/deadline";

describe("the endpoints of a provider (ADR-2, ADR-11)", () => {
  const endpoints = (base: string, host = base) => ({
    authorization: `${base}/auth`,
    token: `${base}/token`,
    jwks: `${host}/jwks`,
    userinfo: `${base}/me`,
  });
  const publicUrl = "https://login.example.org/realms/a";
  const internalUrl = "http://idp:8080/auth/realms/a/";

  it("the endpoints are at the issuer if the provider has no internal URL", () => {
    const provider = { issuer: `${publicUrl}/`, internalUrl: null };
    expect(discoveryUrl(provider)).toBe(`${publicUrl}/.well-known/openid-configuration`);
    expect(endpointsByCaller(endpoints(publicUrl), provider)).toEqual(endpoints(publicUrl));
  });

  it.each([publicUrl, "http://idp:8080/auth/realms/a"])(
    "the endpoints are internal for this server and public for the browser if the provider publishes %s",
    (published) => {
      const provider = { issuer: publicUrl, internalUrl };
      expect(discoveryUrl(provider)).toBe("http://idp:8080/auth/realms/a/.well-known/openid-configuration");
      expect(endpointsByCaller(endpoints(published), provider)).toEqual({
        ...endpoints("http://idp:8080/auth/realms/a"),
        authorization: `${publicUrl}/auth`,
      });
    },
  );

  it("an endpoint outside the issuer path is mapped to the other host, and one on a third host is unchanged", () => {
    const provider = {
      issuer: "https://login.example.org/application/o/p/",
      internalUrl: "http://idp:9000/application/o/p/",
    };
    const placed = endpointsByCaller(
      {
        authorization: "http://idp:9000/application/o/authorize/",
        token: "https://login.example.org/application/o/token/",
        jwks: "https://keys.example.com/jwks",
        userinfo: null,
      },
      provider,
    );
    expect(placed).toEqual({
      authorization: "https://login.example.org/application/o/authorize/",
      token: "http://idp:9000/application/o/token/",
      jwks: "https://keys.example.com/jwks",
      userinfo: null,
    });
  });
});

describe("the claims of a provider", () => {
  it("the e-mail address and its verification are taken from the same response", () => {
    const mixed = readClaims({ sub: "a", email_verified: true }, { email: "evil@example.org" }, "groups");
    expect(mixed).toMatchObject({ email: "evil@example.org", emailVerified: false });
    const other = readClaims({ sub: "a", email: "a@example.org" }, { email_verified: true }, "groups");
    expect(other).toMatchObject({ email: "a@example.org", emailVerified: false });
    const both = readClaims(
      { sub: "a", email: "a@example.org", email_verified: false },
      { email: "a@example.org", email_verified: true },
      "groups",
    );
    expect(both?.emailVerified).toBe(false);
  });

  it.each([
    [{ email: "a@example.org", email_verified: "false" }, "a@example.org", false],
    [{ email: "a@example.org", email_verified: 1 }, "a@example.org", false],
    [{ email: "A@Example.ORG", email_verified: "true" }, "a@example.org", true],
    [{ email: "a@example.org\nb@example.org", email_verified: true }, null, false],
    [{ email: ["a@example.org"], email_verified: true }, null, false],
    [{ email: "a@b@example.org", email_verified: true }, null, false],
  ])("the claims %j give the e-mail address %j with verified %j", (claims, email, emailVerified) => {
    expect(readClaims({ sub: "a", ...claims }, {}, "groups")).toMatchObject({ email, emailVerified });
  });

  it("the groups are read from the configured claim, and claims without a subject are refused", () => {
    expect(readClaims({ sub: "a", "https://x/roles": ["b"] }, {}, "https://x/roles")?.groups).toEqual(["b"]);
    expect(readClaims({ sub: "a", groups: [] }, { groups: ["b"] }, "groups")?.groups).toEqual([]);
    expect(readClaims({ sub: "a" }, { groups: ["b"] }, "groups")?.groups).toEqual(["b"]);
    expect(readClaims({ sub: "a", groups: "b" }, {}, "groups")?.groups).toEqual(["b"]);
    expect(readClaims({ sub: "" }, {}, "groups")).toBeNull();
    expect(readClaims({ sub: 7 }, {}, "groups")).toBeNull();
  });
});

describe("the groups of the claims", () => {
  it.each([
    [{}, {}, "groups_missing"],
    [{ groups: null }, {}, "groups_missing"],
    [{ _claim_names: { groups: "src1" }, _claim_sources: { src1: {} } }, {}, "groups_overage"],
    [{ _claim_names: { groups: "src1" }, groups: [] }, {}, "groups_overage"],
    [{ _claim_names: { groups: "src1" } }, { groups: ["a"] }, "groups_overage"],
    [{ hasgroups: true }, {}, "groups_overage"],
    [{ hasgroups: "true" }, {}, "groups_overage"],
    [{}, { _claim_names: { groups: "src1" } }, "groups_overage"],
    [{ groups: [1, "b"] }, {}, "groups_malformed"],
    [{ groups: "" }, {}, "groups_malformed"],
    [{ groups: { a: true } }, {}, "groups_malformed"],
    [{ groups: Array.from({ length: 1_001 }, (_, at) => `g${at}`) }, {}, "groups_malformed"],
    [{ _claim_names: { address: "src1" }, groups: ["a"] }, {}, ["a"]],
  ])("token claims %j with userinfo %j give the groups %j", (token, userinfo, groups) => {
    expect(readClaims({ sub: "a", ...token }, userinfo, "groups")?.groups).toEqual(groups);
  });

  it("a groups claim named after a property of Object.prototype is missing", () => {
    expect(readClaims({ sub: "a" }, {}, "constructor")?.groups).toBe("groups_missing");
  });
});

describe("the reach of a provider URL", () => {
  const cases = [
    ["https://login.example.org", "anywhere local public"],
    ["http://login.example.org", "anywhere local"],
    ["http://127.0.0.1:8080", "anywhere local"],
    ["https://[::ffff:10.0.0.1]", "anywhere local"],
    ["https://169.254.169.254", "anywhere"],
    ["https://[fe80::1]", "anywhere"],
    ["https://a:b@login.example.org", ""],
    ["ftp://login.example.org", ""],
  ] as const;
  it.each(cases)("%s is allowed for exactly these reaches: %s", (url, allowed) => {
    for (const reach of ["anywhere", "local", "public"] as const) {
      const go = () => requireAllowedUrl(url, reach);
      if (allowed.split(" ").includes(reach)) expect(go).not.toThrow();
      else expect(go).toThrow(AddressRefused);
    }
  });
});

it("every failure of the token exchange has a reason, also an unforeseen one", () => {
  const reasonFor = (code: string, cause?: unknown) => reasonOf(new OperationProcessingError("", { code, cause }));
  expect(reasonFor(JWT_TIMESTAMP_CHECK, { claim: "nbf" })).toBe("token_not_yet_valid");
  expect(reasonFor(INVALID_RESPONSE, { header: { alg: "none" }, expected: "RS256" })).toBe("algorithm_mismatch");
  const response = new Response(null, { status: 400 });
  expect(reasonOf(new ResponseBodyError("", { cause: { error: "invalid_grant" }, response }))).toBe("token_refused");
  expect(reasonOf(new TooLate("it took too long"))).toBe("provider_unavailable");
  expect(reasonOf(new AddressRefused("this address is not allowed for a provider"))).toBe("provider_unavailable");
  expect(reasonOf(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }))).toBe("provider_unavailable");
  expect(reasonOf(Object.assign(new Error("tls"), { code: "CERT_HAS_EXPIRED" }))).toBe("exchange_failed");
  expect(reasonFor(JWT_CLAIM_COMPARISON, { claim: "something_new" })).toBe("exchange_failed");
  expect(reasonFor(INVALID_RESPONSE)).toBe("exchange_failed");
  expect(reasonFor("something new", "text")).toBe("exchange_failed");
  expect(reasonOf(new Error("something new"))).toBe("exchange_failed");
  expect(reasonOf("text")).toBe("exchange_failed");
});
