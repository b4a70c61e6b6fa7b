import { describe, expect, test } from "vitest";
import { newNonce, pagePolicy, securityHeaders, type TransportSecurity } from "#src/http/server/security-headers";

const directivesOf = (policy: string) =>
  Object.fromEntries(policy.split("; ").map((directive) => directive.split(/ (.*)/s).slice(0, 2)));

describe("the headers of every response (AM-19..23)", () => {
  test("every response forbids framing, content sniffing and referrers to other origins", () => {
    for (const secure of [{ includeSubdomains: false }, null]) {
      expect(securityHeaders(secure)).toMatchObject({
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
      });
    }
  });

  test("Strict-Transport-Security is set only if the public address is https (PO-16)", () => {
    const header = (secure: TransportSecurity | null) => securityHeaders(secure)["strict-transport-security"];
    expect(header({ includeSubdomains: false })).toBe("max-age=31536000");
    expect(header({ includeSubdomains: true })).toBe("max-age=31536000; includeSubDomains");
    expect(header(null)).toBeUndefined();
  });

  test("a response that is not a page may load nothing and may not be framed", () => {
    expect(directivesOf(securityHeaders(null)["content-security-policy"] ?? "")).toEqual({
      "default-src": "'none'",
      "base-uri": "'none'",
      "form-action": "'none'",
      "frame-ancestors": "'none'",
    });
  });
});

describe("the policy of a page", () => {
  test("a page allows only scripts with its nonce", () => {
    const directives = directivesOf(pagePolicy("bm9uY2U="));
    expect(directives["script-src"]).toBe("'self' 'nonce-bm9uY2U=' 'strict-dynamic'");
    expect(directives["object-src"]).toBe("'none'");
    expect(directives["base-uri"]).toBe("'none'");
    expect(directives["frame-ancestors"]).toBe("'none'");
    expect(directives["form-action"]).toBe("'self'");
    expect(directives["connect-src"]).toBe("'self'");
  });

  test("a page allows inline styles only as attributes", () => {
    const { "style-src-attr": attributes, ...rest } = directivesOf(pagePolicy("bm9uY2U="));
    expect(attributes).toBe("'unsafe-inline'");
    expect(Object.values(rest).join(" ")).not.toMatch(/unsafe/);
  });

  test("development additionally allows only unsafe-eval", () => {
    const script = directivesOf(pagePolicy("bm9uY2U=", true))["script-src"];
    expect(script).toBe("'self' 'nonce-bm9uY2U=' 'strict-dynamic' 'unsafe-eval'");
  });

  test("every nonce has 128 bits and is unique", () => {
    const nonces = Array.from({ length: 100 }, newNonce);
    expect(new Set(nonces).size).toBe(100);
    for (const nonce of nonces) expect(Buffer.from(nonce, "base64")).toHaveLength(16);
  });
});
