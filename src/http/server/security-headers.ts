import { randomBytes } from "node:crypto";

/** What a browser may do with any answer of ours, whatever it is. */
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
  // For what is no page: were it ever shown as one, nothing in it runs. Pages get `pagePolicy` instead.
  "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

/** Whether browsers are told to use nothing but https: for the public host, and for the names below it as well. */
export interface TransportSecurity {
  readonly includeSubdomains: boolean;
}

/** A year (OWASP ASVS 5, 3.4.1). Never `preload`: it cannot be taken back for months. */
const maxAge = "max-age=31536000";

/**
 * The headers of every answer: of the API, pages, static files, and of what cannot be read.
 * @param secure null where the public address is not https
 */
export function securityHeaders(secure: TransportSecurity | null): Readonly<Record<string, string>> {
  if (secure === null) return always;
  const names = secure.includeSubdomains ? "; includeSubDomains" : "";
  return { ...always, "strict-transport-security": `${maxAge}${names}` };
}

/** A number used once, for the scripts of one page: 128 random bits in base64. */
export function newNonce(): string {
  return randomBytes(16).toString("base64");
}

/**
 * The Content-Security-Policy of a page. A script runs only with the page's nonce, or when such a one loads it. Style
 * sheets and `<style>` need it too; the attribute `style`, by which components are placed and sized, does not.
 * @param development Next's development server evaluates text and adds style elements of its own
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
