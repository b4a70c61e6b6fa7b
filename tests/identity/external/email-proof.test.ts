import { describe, expect, it } from "vitest";
import { isOfOneTenant, isProven, proofProblem } from "#src/identity/external/email-proof";
import { settingsTable } from "#src/main/settings/settings-table";
import type { EmailProof } from "#src/platform/contract/email-proofs";

const tenant = "11111111-2222-3333-4444-555555555555";
const entra = `https://login.microsoftonline.com/${tenant}/v2.0`;
const settings = (emailProof: EmailProof, issuer = entra) => ({ emailProof, issuer, trustedDomains: ["example.org"] });

describe("proof of an e-mail address", () => {
  it.each([
    ["email_verified", { email_verified: true }, true],
    ["email_verified", { email_verified: "true" }, true],
    ["email_verified", { email_verified: "True" }, false],
    ["email_verified", { email_verified: 1 }, false],
    ["email_verified", { email_verified: "1" }, false],
    ["email_verified", { email_verified: [true] }, false],
    ["email_verified", { xms_edov: true }, false],
    ["email_verified", {}, false],
    ["xms_edov", { xms_edov: true }, true],
    ["xms_edov", { xms_edov: "1" }, true],
    ["xms_edov", { xms_edov: 1 }, true],
    ["xms_edov", { xms_edov: "true" }, true],
    ["xms_edov", { xms_edov: "yes" }, false],
    ["xms_edov", { xms_edov: 2 }, false],
    ["xms_edov", { xms_edov: false }, false],
    ["xms_edov", { xms_edov: "0" }, false],
    ["xms_edov", { xms_edov: {} }, false],
    ["xms_edov", { email_verified: true }, false],
    ["xms_edov", { xms_edov: true, email_verified: false }, false],
    ["xms_edov", {}, false],
    ["trusted_domains", {}, true],
    ["trusted_domains", { email_verified: true }, true],
    ["trusted_domains", { email_verified: false }, false],
    ["trusted_domains", { email_verified: "false" }, false],
    ["trusted_domains", { email_verified: null }, false],
    ["trusted_domains", { xms_edov: "0" }, false],
  ] as const)("with emailProof %s, the claims %j give proven %s", (proof, claims, proven) => {
    expect(isProven(settings(proof), claims, "ada@example.org")).toBe(proven);
  });

  it.each(["ada@sub.example.org", "ada@example.org.evil.example", "example.org@evil.example", "ada@notexample.org"])(
    "%s is not proven by the trusted domain example.org, which must match the whole domain",
    (email) => {
      expect(isProven(settings("trusted_domains"), {}, email)).toBe(false);
    },
  );

  it("a trusted domain proves nothing if the issuer serves many tenants", () => {
    const common = settings("trusted_domains", "https://login.microsoftonline.com/common/v2.0");
    expect(isProven(common, {}, "ada@example.org")).toBe(false);
    expect(proofProblem(common)).toBe("issuer_of_many_tenants");
  });
});

it.each([
  [entra, true],
  [`https://login.microsoftonline.com/${tenant.toUpperCase()}/v2.0`, true],
  [`https://sts.windows.net/${tenant}/`, true],
  [`https://login.microsoftonline.us/${tenant}/v2.0`, true],
  ["https://login.example.org/realms/company", true],
  ["https://adfs.example.org/adfs", true],
  ["https://login.microsoftonline.com/common/v2.0", false],
  ["https://LOGIN.microsoftonline.com:443/Common/v2.0", false],
  ["https://login.microsoftonline.com./common/v2.0", false],
  ["https://login.microsoftonline.com/%63ommon/v2.0", false],
  ["https://login.microsoftonline.com/organizations/v2.0", false],
  ["https://login.microsoftonline.com/consumers/v2.0", false],
  ["https://login.microsoftonline.com/{tenantid}/v2.0", false],
  ["https://login.microsoftonline.com/%7Btenantid%7D/v2.0", false],
  [`https://login.microsoftonline.com/common/${tenant}/v2.0`, false],
  [`https://login.microsoftonline.com/v2.0/${tenant}`, false],
  ["https://login.microsoftonline.com/example.onmicrosoft.com/v2.0", false],
  ["https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0", false],
  ["https://sts.windows.net/{tenantid}/", false],
  ["https://accounts.google.com", false],
  ["https://www.facebook.com", false],
  ["https://login.example.org/%zz", false],
  ["not a URL", false],
])("isOfOneTenant(%s) returns %s", (issuer, isSingleTenant) => {
  expect(isOfOneTenant(issuer)).toBe(isSingleTenant);
});

it("the settings refuse trusted_domains as proof without a domain, and with an issuer of many tenants", () => {
  const provider = { slug: "entra", name: "Entra", issuer: entra, clientId: "c", emailProof: "trusted_domains" };
  const { schema } = settingsTable.oidcProviders;
  const messageOf = (more: object) =>
    schema.safeParse(JSON.stringify([{ ...provider, ...more }])).error?.issues[0]?.message;
  expect(messageOf({ trustedDomains: ["example.org"] })).toBeUndefined();
  expect(messageOf({})).toContain("name at least one");
  const common = { issuer: "https://login.microsoftonline.com/common/v2.0", trustedDomains: ["example.org"] };
  expect(messageOf(common)).toContain("an issuer of one tenant");
  expect(messageOf({ emailProof: "upn" })).toBeDefined();
});
