import type { HostProblem } from "#src/platform/net/host-names";
import type { PathProblem } from "#src/platform/net/path-prefixes";
import type { UpstreamProblem } from "#src/platform/net/upstreams";
import {
  type PasswordProblem,
  passwordMessages,
  type UsernameProblem,
  usernameMessages,
} from "#src/platform/passwords/credential-rules";
import { oneOf, plain, quoted, quotedUrl } from "../quoted";
import { type AnyDefinition, type Fields, fixed, worded } from "../reason";
import { hostMessage, pathMessage, upstreamMessage } from "../route-messages";

/** What is wrong with the input. */
export const inputReasons = {
  invalid_input: worded(
    "invalid",
    ({ fields }: { fields: Fields }) => `The input is invalid: ${fieldsInWords(fields)}.`,
    { fields: { name: "too_small", upstreams: "invalid_type" } },
    ({ fields }) => fields,
  ),
  invalid_username: worded(
    "invalid",
    // The value is left out: a pasted line of htpasswd holds a hash.
    ({ problem }: { problem: UsernameProblem }) => usernameMessages[problem],
    { problem: "username_colon" },
    ({ problem }) => ({ username: problem }),
  ),
  invalid_password: worded(
    "invalid",
    ({ problem }: { problem: PasswordProblem }) => passwordMessages[problem],
    { problem: "password_too_long" },
    ({ problem }) => ({ password: problem }),
  ),
  weak_password: worded(
    "invalid",
    ({ weaknesses }: { field: string; weaknesses: readonly Weakness[] }) =>
      weaknesses.map(({ message }) => message).join(" "),
    {
      field: "password",
      weaknesses: [{ reason: "password_short", message: "The password has fewer than 12 characters." }],
    },
    ({ field, weaknesses }) => ({ [field]: weaknesses.map(({ reason }) => reason).join(" ") }),
  ),
  password_unchanged: fixed("invalid", "The new password is your current password. Choose another one.", {
    newPassword: "password_unchanged",
  }),
  totp_code_wrong: fixed(
    "invalid",
    "Incorrect code. Enter the next code from the authenticator app that you are enrolling.",
    { code: "wrong_code" },
  ),
  passkey_needs_host_name: worded(
    "invalid",
    ({ hostname }: { hostname: string }) =>
      `Passkeys belong to a host name, and ${hostname} is an address. Open the control plane by its name.`,
    { hostname: "127.0.0.1" },
  ),
  passkey_refused: worded(
    "invalid",
    ({ problem }: { problem: string }) => `This passkey cannot be enrolled (${problem}). Start again.`,
    { problem: "unknown_challenge" },
    ({ problem }) => ({ response: problem }),
  ),
  invalid_host: worded(
    "invalid",
    ({ host, problem }: { host: string; problem: HostProblem }) => hostMessage(host, problem),
    { host: "https://wiki.example.com/", problem: "host_bad_character" },
    ({ problem }) => ({ host: problem }),
  ),
  invalid_path: worded(
    "invalid",
    ({ path, problem }: { path: string; problem: PathProblem }) => pathMessage(path, problem),
    { path: "admin", problem: "path_not_absolute" },
    ({ problem }) => ({ pathPrefix: problem }),
  ),
  invalid_upstream: worded(
    "invalid",
    ({ url, problem }: { index: number; url: string; problem: UpstreamProblem }) => upstreamMessage(url, problem),
    { index: 0, url: "http://169.254.169.254:80", problem: "upstream_metadata" },
    ({ index, problem }) => ({ [`upstreams.${index}.url`]: problem }),
  ),
  internal_url_not_allowed: worded(
    "invalid",
    ({ internalUrl }: { internalUrl: string }) =>
      `This organization's providers are called at their issuer, so internalUrl cannot be ${quotedUrl(internalUrl)}. Leave it out.`,
    { internalUrl: "http://10.0.0.7:8080" },
    { internalUrl: "not_allowed" },
  ),
  address_refused: worded(
    "invalid",
    ({ field, url }: { field: "issuer" | "internalUrl"; url: string }) =>
      `The ${field} ${quotedUrl(url)} cannot be called: a provider must have an https URL with a public address.`,
    { field: "issuer", url: "http://10.0.0.7" },
    ({ field }) => ({ [field]: "address_refused" }),
  ),
  trusted_domains_missing: fixed(
    "invalid",
    "The emailProof trusted_domains accepts e-mail addresses of the trustedDomains, and there are none: name at least one.",
    { emailProof: "trusted_domains_missing" },
  ),
  issuer_of_many_tenants: fixed(
    "invalid",
    "The emailProof trusted_domains needs an issuer of one tenant, and this one is for accounts of all tenants. Use the issuer with the id of your tenant, or the emailProof xms_edov.",
    { emailProof: "issuer_of_many_tenants" },
  ),
  unknown_role: worded(
    "invalid",
    ({ roles }: { roles: readonly string[] }) =>
      `Your organization does not have the role ${oneOf(roles)}. Use a built-in role, or the id of one of your roles.`,
    { roles: ["rol_01jd3f9z8ye5ta3q0c1xk7m2vw"] },
    { groupRoles: "unknown_role" },
  ),
  unknown_permission: worded(
    "invalid",
    ({ permissions }: { permissions: readonly { at: number; word: string }[] }) =>
      `A role cannot include ${oneOf(permissions.map(({ word }) => word))}. docs/permissions.md lists the permissions of roles.`,
    { permissions: [{ at: 0, word: "project:fly" }] },
    ({ permissions }) => Object.fromEntries(permissions.map(({ at }) => [`permissions.${at}`, "unknown_permission"])),
  ),
  unknown_scope: worded(
    "invalid",
    ({ scope }: { at: number; scope: string | null }) =>
      `A key cannot have ${scope === null ? "an empty list of scopes" : `the scope ${quoted(scope)}`}. docs/permissions.md lists the scopes of keys.`,
    { at: 0, scope: "project:fly" },
    ({ at }) => ({ [`scopes.${at}`]: "unknown_scope" }),
  ),
  expires_in_the_past: worded(
    "invalid",
    ({ expiresAt }: { expiresAt: string }) => `A key cannot expire at ${expiresAt}, which is in the past.`,
    { expiresAt: "2020-01-01T00:00:00.000Z" },
    { expiresAt: "in_the_past" },
  ),
  expires_too_late: worded(
    "invalid",
    ({ expiresAt, latest }: { expiresAt: string; latest: string }) =>
      `This key cannot expire at ${expiresAt}: it has to expire by ${latest}.`,
    { expiresAt: "2030-01-01T00:00:00.000Z", latest: "2027-01-01T00:00:00.000Z" },
    { expiresAt: "too_late" },
  ),
  not_a_network: worded(
    "invalid",
    ({ network }: { at: number; network: string }) =>
      `${quoted(network)} is neither an address nor a network. Give addresses such as 203.0.113.7, and networks such as 10.0.0.0/8.`,
    { at: 0, network: "10.0.0.0/99" },
    ({ at }) => ({ [`allowedIps.${at}`]: "not_a_network" }),
  ),
  too_many_lines: worded(
    "invalid",
    ({ lines, most }: { lines: number; most: number }) =>
      `The file has ${lines} lines with credentials, and one import takes ${most} at most. Divide it.`,
    { lines: 10_001, most: 10_000 },
    { htpasswd: "too_many_lines" },
  ),
  checkpoint_not_ours: fixed(
    "invalid",
    "This installation did not sign this checkpoint for this log. Check that the checkpoint and the log belong together.",
    { checkpoint: "not_ours" },
  ),
} satisfies Readonly<Record<string, AnyDefinition>>;

/** A rule that a password breaks. The message never holds the password. */
export interface Weakness {
  readonly reason: string;
  readonly message: string;
}

const mostFields = 10;

function fieldsInWords(fields: Fields): string {
  const named = Object.entries(fields).map(([path, word]) => `${plain(path)} (${word})`);
  const more = named.length - mostFields;
  return named.length === 0
    ? "it does not name what the request is about"
    : `${named.slice(0, mostFields).join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
}
