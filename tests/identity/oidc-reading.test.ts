import {
  INVALID_RESPONSE,
  JWT_CLAIM_COMPARISON,
  JWT_TIMESTAMP_CHECK,
  OperationProcessingError,
  ResponseBodyError,
} from "oauth4webapi";
import { describe, expect, it } from "vitest";
import { discoveryUrl, placeEndpoints } from "../../src/identity/external/endpoints";
import { readClaims } from "../../src/identity/external/provider-claims";
import { AddressRefused, requireReachable } from "../../src/identity/external/reachable";
import { reasonOf } from "../../src/identity/external/reason-of";
import { TooLate } from "../../src/platform/deadline";

describe("where a provider is asked (ADR-2, ADR-11)", () => {
  const endpoints = (base: string, host = base) => ({
    authorization: `${base}/auth`,
    token: `${base}/token`,
    jwks: `${host}/jwks`,
    userinfo: `${base}/me`,
  });
  const publicly = "https://login.example.org/realms/a";
  const inside = "http://idp:8080/auth/realms/a/";

  it("is the issuer itself without a way of this server's own", () => {
    const where = { issuer: `${publicly}/`, internalUrl: null };
    expect(discoveryUrl(where)).toBe(`${publicly}/.well-known/openid-configuration`);
    expect(placeEndpoints(endpoints(publicly), where)).toEqual(endpoints(publicly));
  });

  it.each([publicly, "http://idp:8080/auth/realms/a"])(
    "is inside for this server and outside for the browser, wherever the provider believes to be: %s",
    (believes) => {
      const where = { issuer: publicly, internalUrl: inside };
      expect(discoveryUrl(where)).toBe("http://idp:8080/auth/realms/a/.well-known/openid-configuration");
      expect(placeEndpoints(endpoints(believes), where)).toEqual({
        ...endpoints("http://idp:8080/auth/realms/a"),
        authorization: `${publicly}/auth`,
      });
    },
  );

  it("is on the same host for an endpoint that is not below the issuer, and stays where it is on a third", () => {
    const where = {
      issuer: "https://login.example.org/application/o/p/",
      internalUrl: "http://idp:9000/application/o/p/",
    };
    const placed = placeEndpoints(
      {
        authorization: "http://idp:9000/application/o/authorize/",
        token: "https://login.example.org/application/o/token/",
        jwks: "https://keys.example.com/jwks",
        userinfo: null,
      },
      where,
    );
    expect(placed).toEqual({
      authorization: "https://login.example.org/application/o/authorize/",
      token: "http://idp:9000/application/o/token/",
      jwks: "https://keys.example.com/jwks",
      userinfo: null,
    });
  });
});

describe("what a provider says of a person", () => {
  it("takes an address and whether it is verified from one and the same answer", () => {
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
  ])("reads %j", (claims, email, emailVerified) => {
    expect(readClaims({ sub: "a", ...claims }, {}, "groups")).toMatchObject({ email, emailVerified });
  });

  it("reads groups from the claim that is named, and a subject there has to be", () => {
    expect(readClaims({ sub: "a", "https://x/roles": ["b"] }, {}, "https://x/roles")?.groups).toEqual(["b"]);
    expect(readClaims({ sub: "a", groups: [] }, { groups: ["b"] }, "groups")?.groups).toEqual([]);
    expect(readClaims({ sub: "a" }, { groups: ["b"] }, "groups")?.groups).toEqual(["b"]);
    expect(readClaims({ sub: "a", groups: "b" }, {}, "groups")?.groups).toEqual(["b"]);
    expect(readClaims({ sub: "" }, {}, "groups")).toBeNull();
    expect(readClaims({ sub: 7 }, {}, "groups")).toBeNull();
  });
});

describe("groups that are not known are told from an empty list", () => {
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
  ])("token %j, userinfo %j", (token, userinfo, groups) => {
    expect(readClaims({ sub: "a", ...token }, userinfo, "groups")?.groups).toEqual(groups);
  });

  it("a claim with the name of a property that every object has is absent", () => {
    expect(readClaims({ sub: "a" }, {}, "constructor")?.groups).toBe("groups_missing");
  });
});

describe("where this server goes for a provider", () => {
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
  it.each(cases)("%s: %s", (url, allowed) => {
    for (const reach of ["anywhere", "local", "public"] as const) {
      const go = () => requireReachable(url, reach);
      if (allowed.split(" ").includes(reach)) expect(go).not.toThrow();
      else expect(go).toThrow(AddressRefused);
    }
  });
});

it("every failure of the exchange has a reason, also one that nobody foresaw", () => {
  const said = (code: string, cause?: unknown) => reasonOf(new OperationProcessingError("", { code, cause }));
  expect(said(JWT_TIMESTAMP_CHECK, { claim: "nbf" })).toBe("token_not_yet_valid");
  expect(said(INVALID_RESPONSE, { header: { alg: "none" }, expected: "RS256" })).toBe("algorithm_mismatch");
  const response = new Response(null, { status: 400 });
  expect(reasonOf(new ResponseBodyError("", { cause: { error: "invalid_grant" }, response }))).toBe("token_refused");
  expect(reasonOf(new TooLate("it took too long"))).toBe("provider_unavailable");
  expect(reasonOf(new AddressRefused("a provider cannot be there"))).toBe("provider_unavailable");
  expect(reasonOf(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }))).toBe("provider_unavailable");
  expect(reasonOf(Object.assign(new Error("tls"), { code: "CERT_HAS_EXPIRED" }))).toBe("exchange_failed");
  expect(said(JWT_CLAIM_COMPARISON, { claim: "something_new" })).toBe("exchange_failed");
  expect(said(INVALID_RESPONSE)).toBe("exchange_failed");
  expect(said("something new", "text")).toBe("exchange_failed");
  expect(reasonOf(new Error("something new"))).toBe("exchange_failed");
  expect(reasonOf("text")).toBe("exchange_failed");
});
