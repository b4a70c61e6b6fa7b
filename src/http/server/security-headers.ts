import { randomBytes } from "node:crypto";

/** The security headers of every response. */
const always = {
  "x-frame-options": "DENY",
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
  "permissions-policy": [
    "accelerometer=()",
    "camera=()",
    "display-capture=()",
    "geolocation=()",
    "gyroscope=()",
    "magnetometer=()",
    "microphone=()",
    "midi=()",
    "payment=()",
    "publickey-credentials-create=(self)",
    "publickey-credentials-get=(self)",
    "screen-wake-lock=()",
    "usb=()",
    "xr-spatial-tracking=()",
  ].join(", "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  // For responses that are not pages: if a browser displays one, no script in it runs. Pages get `pagePolicy` instead.
  "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

/** The settings of Strict-Transport-Security: for the public host, and optionally for its subdomains. */
export interface TransportSecurity {
  readonly includeSubdomains: boolean;
}

/** A year (OWASP ASVS 5, 3.4.1). Never `preload`: it cannot be undone for months. */
const maxAge = "max-age=31536000";

/**
 * Returns the headers of every response: of the API, pages, static files, and refusals of malformed requests.
 * @param secure null if the public address is not https
 */
export function securityHeaders(secure: TransportSecurity | null): Readonly<Record<string, string>> {
  if (secure === null) return always;
  const names = secure.includeSubdomains ? "; includeSubDomains" : "";
  return { ...always, "strict-transport-security": `${maxAge}${names}` };
}

/** Creates a nonce for the scripts of one page: 128 random bits in base64. */
export function newNonce(): string {
  return randomBytes(16).toString("base64");
}

/**
 * Returns the Content-Security-Policy of a page. A script runs only if it has the nonce of the page, or if a script
 * with the nonce loads it. Style sheets and `<style>` also need the nonce; the attribute `style`, which positions and
 * sizes components, does not.
 * @param development true for Next's development server, which uses `eval` and adds style elements
 */
export function pagePolicy(nonce: string, development = false): string {
  const directives = {
    "default-src": "'self'",
    "script-src": `'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ""}`,
    "style-src": development ? "'self' 'unsafe-inline'" : `'self' 'nonce-${nonce}'`,
    "style-src-attr": "'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
  };
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources}`)
    .join("; ");
}
