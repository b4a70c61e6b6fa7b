import type { EmailProof } from "#src/platform/contract/email-proofs";

type RawClaims = Readonly<Record<string, unknown>>;

/**
 * Whether the claims of one response prove its e-mail address. An explicit "no" of either claim always counts.
 * @param trustedDomains lower-case
 * @param email lower-case; the address in these claims
 */
export function isProven(
  { emailProof, issuer, trustedDomains }: EmailProofSettings,
  claims: RawClaims,
  email: string,
): boolean {
  const denies = (value: unknown, isTrue: (value: unknown) => boolean) => value !== undefined && !isTrue(value);
  if (denies(claims.email_verified, isVerified) || denies(claims.xms_edov, isDomainOwnerVerified)) return false;
  if (emailProof === "email_verified") return isVerified(claims.email_verified);
  if (emailProof === "xms_edov") return isDomainOwnerVerified(claims.xms_edov);
  return isOfOneTenant(issuer) && trustedDomains.includes(email.slice(email.lastIndexOf("@") + 1));
}

/** A JSON boolean; Amazon Cognito sends the text `"true"`. No other value counts. */
function isVerified(value: unknown): boolean {
  return value === true || value === "true";
}

/** Documented as a boolean; Entra ID also sends `"1"`, `1` and `"true"`. No other value counts. */
function isDomainOwnerVerified(value: unknown): boolean {
  return value === true || value === "true" || value === 1 || value === "1";
}

/** The settings of a provider that decide what proves an address. */
export interface EmailProofSettings {
  readonly issuer: string;
  readonly emailProof: EmailProof;
  readonly trustedDomains: readonly string[];
}

/** Why these settings cannot prove any address; null if they can. */
export function proofProblem({
  issuer,
  emailProof,
  trustedDomains,
}: EmailProofSettings): "trusted_domains_missing" | "issuer_of_many_tenants" | null {
  if (emailProof !== "trusted_domains") return null;
  if (trustedDomains.length === 0) return "trusted_domains_missing";
  return isOfOneTenant(issuer) ? null : "issuer_of_many_tenants";
}

const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The tenant of all personal Microsoft accounts. */
const personalAccounts = "9188040d-6c67-4c5b-b112-36a304b66dad";

/** Hosts of Microsoft on which every tenant has its own issuer. */
const microsoft =
  /^(?:login\.microsoftonline\.(?:com|us)|login\.partner\.microsoftonline\.cn|login\.(?:chinacloudapi\.cn|microsoft\.com|windows\.net|live\.com)|sts\.(?:windows\.net|chinacloudapi\.cn)|[^/]+\.(?:ciamlogin|b2clogin)\.com)$/;

/** Issuers of accounts that anyone can create, with any e-mail address. */
const openIssuers = new Set([
  "accounts.google.com",
  "appleid.apple.com",
  "facebook.com",
  "github.com",
  "gitlab.com",
  "id.twitch.tv",
  "linkedin.com",
  "login.salesforce.com",
  "login.yahoo.com",
  "slack.com",
]);

/**
 * Whether an issuer belongs to one tenant, so that the tenant's administrators decide which addresses its people have.
 * An issuer of Microsoft has to contain the tenant's id; `common`, `organizations`, `consumers` and `{tenantid}` are
 * for all tenants.
 */
export function isOfOneTenant(issuer: string): boolean {
  if (!URL.canParse(issuer)) return false;
  const { hostname, pathname } = new URL(issuer);
  const host = hostname.toLowerCase().replace(/\.+$/, "");
  const segments = decoded(pathname)
    .toLowerCase()
    .split("/")
    .filter((segment) => segment !== "");
  if (segments.some((segment) => ["common", "organizations", "consumers"].includes(segment) || /[{}]/.test(segment))) {
    return false;
  }
  if (microsoft.test(host)) return segments[0] !== personalAccounts && guid.test(segments[0] ?? "");
  return !openIssuers.has(host.replace(/^www\./, ""));
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return "{}"; // an undecodable path counts as an issuer for all tenants
  }
}
