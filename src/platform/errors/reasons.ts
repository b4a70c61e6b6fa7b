import { hasFormOfId } from "../ids";
import type { HostProblem } from "../net/host-names";
import type { PathProblem } from "../net/path-prefixes";
import type { ReservedFor } from "../net/reserved-hosts";
import type { UpstreamProblem } from "../net/upstreams";
import {
  type PasswordProblem,
  passwordMessages,
  type UsernameProblem,
  usernameMessages,
} from "../passwords/credential-rules";
import { hostMessage, pathMessage, reservedMessage, upstreamMessage } from "./place-messages";
import { inWords, plain, quoted, quotedUrl } from "./quoted";
import { type AnyDefinition, type Fields, fixed, type RefusalKind, worded } from "./reason";

/**
 * Every reason for which the product refuses something: its status, its sentence, and its fields. Each reason has one
 * sentence, and no other place writes a reason or its sentence.
 *
 * A sentence says what is wrong, with the value; why; and what to do. It may hold what the caller sent or may see. It
 * never holds a secret, a password, a hash, SQL, or text of another tenant. Log lines hold the reason alone.
 */
export const reasons = {
  // Who is asking.
  no_credentials: worded(
    "unauthenticated",
    ({ wrongHost }: { wrongHost: WrongHost | null }) =>
      `Sign in, or send an API key in the header x-api-key.${wrongHost === null ? "" : ` ${wrongHostSentence(wrongHost)}`}`,
    { wrongHost: null },
  ),
  key_unknown: fixed(
    "unauthenticated",
    "This API key is unknown. Check that the whole key is sent, and that it was created in this installation.",
  ),
  key_revoked: fixed("unauthenticated", "This API key was revoked. Use another key."),
  key_expired: fixed("unauthenticated", "This API key has expired. Use another key."),
  key_holder_left: fixed(
    "unauthenticated",
    "The holder of this API key is no longer part of the organization. Use the key of a member or a service account.",
  ),
  key_ip_refused: worded(
    "unauthenticated",
    ({ ip }: { ip: string | null }) =>
      `This API key may not be used from ${ip ?? "an unknown address"}. The key's allowedIps say from where it may be used.`,
    { ip: "203.0.113.7" },
  ),
  session_ended: fixed("unauthenticated", "This session has ended. Sign in again."),
  sign_in_refused: fixed("unauthenticated", "The e-mail address or the password is incorrect."),
  passkey_not_accepted: fixed("unauthenticated", "This passkey was not accepted. Try again, or sign in another way."),
  single_sign_on_refused: fixed(
    "unauthenticated",
    "Single sign-on did not let you in. Ask an administrator: the audit log says why.",
  ),
  code_refused: fixed(
    "unauthenticated",
    "Incorrect code. Enter the next code from your authenticator app, or an unused recovery code.",
  ),
  link_unknown: fixed(
    "unauthenticated",
    "This link is unknown. Check that the whole link was copied, or get a new one.",
  ),

  // What the caller may not do.
  forbidden: worded(
    "forbidden",
    ({ permission }: { permission: string }) =>
      `This needs the permission ${permission}, which you do not have here. Ask an owner of the organization for it.`,
    { permission: "project:create" },
  ),
  key_scope: worded(
    "forbidden",
    ({ permission }: { permission: string }) =>
      `This API key does not include the permission ${permission} here, although its holder has it. Use a key that includes it.`,
    { permission: "project:create" },
  ),
  organization_changed: fixed(
    "forbidden",
    "Your session or API key is about another organization than when this request began. Check which one, and send the request again.",
  ),
  session_required: fixed(
    "forbidden",
    "This is for a person who is signed in, and an API key is not one. Sign in to do it.",
  ),
  bound_session: fixed(
    "forbidden",
    "This session is for one organization, because its provider opened it. Sign in another way to manage your account.",
  ),
  second_factor_required: fixed("forbidden", "Your second factor is still missing. Enter a code, or use a passkey."),
  second_factor_enrolment_required: fixed(
    "forbidden",
    "This organization requires a second factor, and you have none. Enrol an authenticator app or a passkey first.",
  ),
  password_change_required: fixed("forbidden", "Your password has to be changed before you can do anything else."),
  unknown_origin: worded("forbidden", wrongHostSentence, {
    host: "127.0.0.1:3000",
    forwarded: true,
    publicOrigin: "https://portcullis.example.org",
  }),
  foreign_origin: worded(
    "forbidden",
    ({ origin }: { origin: string }) =>
      `This has to be sent by a page of ${origin}, and the Origin header of the request names another one.`,
    { origin: "https://portcullis.example.org" },
  ),
  csrf_token: fixed(
    "forbidden",
    "The CSRF token is missing or incorrect. Send a session's token in the header x-csrf-token, and a form's token in its field csrfToken, with the cookie that belongs to it.",
  ),
  no_organization: fixed(
    "forbidden",
    "You are not a member of the organization that this request is about. Ask one of its owners for an invitation.",
  ),
  recent_sign_in_required: fixed(
    "forbidden",
    "You signed in more than ten minutes ago. Send your password or a code with this request, or sign in again.",
  ),
  proof_required: fixed(
    "forbidden",
    "This removes a protection of your account. Send your password or a code with it.",
  ),
  wrong_password: fixed("forbidden", "Incorrect password. Enter the password of your own account."),
  wrong_code: fixed(
    "forbidden",
    "The code is incorrect, or was used before. Enter the next code from your authenticator app, or an unused recovery code.",
  ),
  invitation_for_another: worded(
    "forbidden",
    ({ yours }: { yours: string }) =>
      `This invitation is for another e-mail address than yours, ${quoted(yours)}. Sign in with the invited address.`,
    { yours: "ada@example.org" },
  ),
  role_above_own: worded(
    "forbidden",
    ({ subject }: { subject: "role" | "service account" | "API key" }) =>
      `This ${subject} includes permissions that you do not have here. You can give only what you have yourself.`,
    { subject: "role" },
  ),
  role_above_account: fixed(
    "forbidden",
    "This API key would include permissions that its service account does not have. Choose a narrower role, or fewer scopes.",
  ),
  member_above_own: fixed(
    "forbidden",
    "This member has permissions that you do not have. An owner has to make the change.",
  ),
  key_above_own: fixed(
    "forbidden",
    "This API key includes permissions that you do not have. Its holder or an owner has to make the change.",
  ),
  not_your_key: fixed("forbidden", "This API key belongs to another person, and only its holder can rotate it."),
  above_making_key: fixed(
    "forbidden",
    "An API key cannot give wider limits than its own. Narrow allowedIps and requestsPerMinute, or ask with another key.",
  ),
  provider_above_own: fixed(
    "forbidden",
    "A provider can sign in owners, and you do not have all of an owner's permissions. An owner has to make the change.",
  ),

  // What does not exist. The same bytes, but for the id, whether the object exists elsewhere or not.
  not_found: worded(
    "notFound",
    ({ kind, id }: { kind: string; id: string | null }) =>
      `There is no ${objectWords(kind)}${idWords(id)} that you can access. Check the id, and which organization your key or session is for.`,
    { kind: "application", id: "app_01jd3f9z8ye5ta3q0c1xk7m2vw" },
  ),

  // What the present state does not allow.
  duplicate_username: worded(
    "conflict",
    ({ username }: { username: string }) =>
      `This application already has a credential with the username ${quoted(username)}. Choose another username, or change that credential.`,
    { username: "ada" },
    { username: "duplicate" },
  ),
  never_public: fixed(
    "conflict",
    'Without a credential this application would be public, and its organization allows no public applications (neverPublic). Give it a credential, or set access to "protected".',
  ),
  credentials_exist: worded(
    "conflict",
    ({ hashAlgorithm }: { hashAlgorithm: string }) =>
      `The hash algorithm cannot become ${hashAlgorithm} while the application has credentials. Delete its credentials first.`,
    { hashAlgorithm: "bcrypt" },
    { hashAlgorithm: "credentials_exist" },
  ),
  no_gateway: fixed(
    "conflict",
    "This organization may not use any gateway yet. Ask the operator of the installation to allow it on one.",
  ),
  host_taken: worded(
    "conflict",
    ({ host }: { host: string }) =>
      `The host ${quoted(host)} belongs to another organization at this gateway. Use another host.`,
    { host: "wiki.example.com" },
    { host: "taken" },
  ),
  host_reserved: worded(
    "conflict",
    ({ host, reserved, publicHost }: { host: string; reserved: ReservedFor; publicHost: string | null }) =>
      reservedMessage(host, reserved, publicHost),
    { host: "localhost", reserved: "loopback", publicHost: "portcullis.example.org" },
    ({ reserved }) => ({ host: reserved }),
  ),
  host_served_elsewhere: worded(
    "conflict",
    ({ host, status, server }: { host: string; status: number; server: string | null }) =>
      `Something that Portcullis did not configure already answers for ${quoted(host)} at this gateway (status ${status}${server === null ? "" : `, server ${server}`}). Remove it there, or use another host.`,
    { host: "wiki.example.com", status: 200, server: "nginx" },
    { host: "served_elsewhere" },
  ),
  route_taken: worded(
    "conflict",
    ({ host, pathPrefix }: { host: string; pathPrefix: string }) =>
      `Your organization already has a route for the host ${quoted(host)} and the path ${quoted(pathPrefix === "" ? "/" : pathPrefix)} at this gateway. Change that route, or use another host or path.`,
    { host: "wiki.example.com", pathPrefix: "/admin" },
    { host: "taken" },
  ),
  upstream_taken: worded(
    "conflict",
    ({ upstreams }: { upstreams: readonly string[] }) =>
      `Another organization's route already leads to ${oneOf(upstreams)}. Use another upstream.`,
    { upstreams: ["http://10.0.0.7:8080"] },
    { upstreams: "taken" },
  ),
  upstream_shared: worded(
    "conflict",
    ({ host, upstreams }: { host: string; upstreams: readonly string[] }) =>
      `Another application already leads to ${oneOf(upstreams)} under the host ${quoted(host)}, and a path is no boundary between applications. Use another host or another upstream.`,
    { host: "wiki.example.com", upstreams: ["http://10.0.0.7:8080"] },
    { upstreams: "shared" },
  ),
  claim_in_use: worded(
    "conflict",
    ({ value }: { value: string }) => `A route still needs the claim of ${quotedUrl(value)}. Delete that route first.`,
    { value: "wiki.example.com" },
  ),
  not_empty: worded(
    "conflict",
    ({ kind, name }: { kind: "gateway" | "organization"; name: string }) =>
      `The ${kind} ${quoted(name)} still has applications. Delete its applications first.`,
    { kind: "gateway", name: "edge" },
  ),
  gateway_in_use: fixed(
    "conflict",
    "An organization that organizationIds leaves out still has applications on this gateway. Keep it in the list, or delete its applications there first.",
    { organizationIds: "in_use" },
  ),
  local_gateway: fixed(
    "conflict",
    'The gateway "local" belongs to this machine and is found by its name: it can be neither renamed nor deleted.',
  ),
  name_taken: worded(
    "conflict",
    ({ kind, name }: { kind: "gateway" | "role" | "service account"; name: string }) =>
      `There is already a ${kind} with the name ${quoted(name)}. Choose another name.`,
    { kind: "gateway", name: "edge" },
    { name: "taken" },
  ),
  ambiguous_name: worded(
    "conflict",
    ({ kind, name }: { kind: "project" | "environment"; name: string }) =>
      `More than one ${kind} has the name ${quoted(name)}. Name the environment by its environmentId instead.`,
    { kind: "project", name: "Website" },
    ({ kind }) => ({ [`${kind}.name`]: "ambiguous" }),
  ),
  root_organization: fixed("conflict", "This organization manages the installation, so it cannot be deleted."),
  last_owner: fixed(
    "conflict",
    "This is the last owner, and an organization needs one. Make another member an owner first.",
  ),
  role_in_use: worded(
    "conflict",
    ({ name }: { name: string }) =>
      `The role ${quoted(name)} is in use. Give its members, service accounts, keys and invitations another role first.`,
    { name: "Auditor" },
  ),
  already_member: worded(
    "conflict",
    ({ email }: { email: string }) => `The person with the e-mail address ${quoted(email)} is already a member.`,
    { email: "ada@example.org" },
  ),
  already_invited: worded(
    "conflict",
    ({ email }: { email: string }) =>
      `There is already an open invitation for the e-mail address ${quoted(email)}. Delete that invitation first.`,
    { email: "ada@example.org" },
  ),
  invitation_accepted: fixed(
    "conflict",
    "This invitation was already accepted. The person who accepted it can sign in; to end the membership, remove the member.",
  ),
  invitation_revoked: fixed("conflict", "This invitation was taken back. Ask for a new one."),
  invitation_expired: fixed("conflict", "This invitation has expired. Ask for a new invitation."),
  invitation_void: fixed(
    "conflict",
    "The person or service account that invited you may no longer do so. Ask another member for an invitation.",
  ),
  sign_in_first: fixed(
    "conflict",
    "The invited e-mail address already has an account. Sign in, then accept the invitation.",
  ),
  too_many_keys: worded(
    "conflict",
    ({ most }: { most: number }) =>
      `The holder of this key already has ${most} live API keys, which is the limit. Revoke one of them first.`,
    { most: 100 },
  ),
  already_revoked: fixed("conflict", "This API key was revoked, so it cannot be rotated. Create a new key."),
  already_expired: fixed("conflict", "This API key has expired, so it cannot be rotated. Create a new key."),
  already_rotated: fixed("conflict", "This API key was already rotated. Use the key that replaced it."),
  totp_enrolled: fixed("conflict", "An authenticator app is already enrolled. Remove it before you enrol another one."),
  totp_not_enrolled: fixed("conflict", "No authenticator app is enrolled, so there is none to remove."),
  totp_not_started: fixed("conflict", "No enrolment of an authenticator app is in progress. Start a new one."),
  no_second_factor: fixed(
    "conflict",
    "Recovery codes need a second factor. Enrol an authenticator app or a passkey first.",
  ),
  too_many_passkeys: worded(
    "conflict",
    ({ most }: { most: number }) => `You already have ${most} passkeys, which is the limit. Remove one of them first.`,
    { most: 20 },
  ),
  passkey_known: fixed("conflict", "This passkey is already enrolled. Sign in with it."),
  link_used: worded(
    "conflict",
    ({ purpose }: { purpose: LinkPurpose }) =>
      `This ${linkWords[purpose]} was already used. Sign in with the password that was chosen with it.`,
    { purpose: "password" },
  ),
  link_ended: worded(
    "conflict",
    ({ endedBy }: { endedBy: LinkEnd | null }) => `This link is no longer valid: ${linkEndings[endedBy ?? "unknown"]}`,
    { endedBy: "other_link" },
  ),
  mail_not_configured: fixed(
    "conflict",
    "This installation sends no e-mail. Ask its operator for a link to choose a new password.",
  ),
  link_expired: worded(
    "conflict",
    ({ purpose }: { purpose: LinkPurpose }) =>
      `This ${linkWords[purpose]} has expired; it was valid for half an hour. Get a new one on the host: portcullis ${purpose === "set_up" ? "setup, or start Portcullis again" : "operator reset-password"}.`,
    { purpose: "password" },
  ),
  already_set_up: worded(
    "conflict",
    ({ by }: { by: "link" | "command" }) =>
      `This installation was already set up, ${by === "link" ? "by its set-up link" : 'on the host by the command "setup"'}. Use "organization create" for another organization, "key create" for another key, and "operator reset-password" for a person who cannot sign in.`,
    { by: "link" },
  ),
  changed_meanwhile: worded(
    "conflict",
    ({ premise }: { premise: Premise }) =>
      `Another request changed ${premise} several times while this one ran. Nothing was written; send the request again.`,
    { premise: "the password policy" },
  ),

  // Commands of the host.
  not_set_up: fixed("conflict", 'This installation is not set up yet. Run "setup" first.'),
  no_such_gateway: worded(
    "conflict",
    ({ name }: { name: string }) => `There is no gateway with the name ${quoted(name)} that has a folder.`,
    { name: "edge" },
  ),
  no_such_organization: worded(
    "conflict",
    ({ id }: { id: string }) => `There is no organization with the id ${quoted(id)}.`,
    { id: "org_01jd3f9z8ye5ta3q0c1xk7m2vw" },
  ),
  no_such_person: worded(
    "conflict",
    ({ email }: { email: string }) =>
      `There is no account with the e-mail address ${quoted(email)}. See "operator list" for all accounts.`,
    { email: "ada@example.org" },
  ),
  secret_not_in_force: fixed(
    "conflict",
    "No control plane has started with this PORTCULLIS_SECRET yet. Start every control plane with it, and with the former secret in PORTCULLIS_SECRET_PREVIOUS. Then run the command again.",
  ),

  // What is wrong with the input.
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
  password_unchanged: fixed("invalid", "The new password is your present password. Choose another one.", {
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
      `The ${field} ${quotedUrl(url)} cannot be called: a provider is called by https, at a public address of the internet.`,
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
  checkpoint_not_ours: fixed(
    "invalid",
    "This installation did not sign this checkpoint for this log. Check that the checkpoint and the log belong together.",
    { checkpoint: "not_ours" },
  ),

  // What comes too often.
  rate_limited: worded(
    "tooMany",
    ({ retryAfter }: Limited) => `Too many attempts. Try again in ${seconds(retryAfter)}.`,
    { limit: "sign-in:ip", retryAfter: 42 },
  ),
  key_rate_limited: worded(
    "tooMany",
    ({ perMinute, retryAfter }: Limited & { perMinute: number }) =>
      `This API key may send ${perMinute} requests a minute. Try again in ${seconds(retryAfter)}.`,
    { limit: "key:minute", perMinute: 60, retryAfter: 12 },
  ),
  too_many_waits: worded(
    "tooMany",
    ({ holder, most, retryAfter }: Limited & { holder: "caller" | "organization"; most: number }) =>
      `${holder === "caller" ? "This API key or session" : "Your organization"} already has ${most} calls of sync.wait in progress, which is the limit. Try again when one of them has ended, at the earliest in ${seconds(retryAfter)}.`,
    { limit: "waits:caller", holder: "caller", most: 20, retryAfter: 2 },
  ),

  // What the process or the database cannot do now.
  busy: worded(
    "unavailable",
    ({ work, retryAfter }: { work: BusyWork; retryAfter: number }) =>
      `There are too many ${work} at once. Try again in ${seconds(retryAfter)}.`,
    { work: "sign-ins", retryAfter: 2 },
  ),
  overloaded: worded(
    "unavailable",
    ({ what, bound }: { what: OverloadedWith; bound: "total" | "perOwner" }) =>
      `${bound === "total" ? "This process has" : "You have"} as many ${what} as there may be at once. Try again in a second.`,
    { what: "active requests", bound: "total" },
  ),
  wait_capacity_reached: worded(
    "unavailable",
    ({ retryAfter }: { retryAfter: number }) =>
      `This process cannot take more calls of sync.wait now. Try again in ${seconds(retryAfter)}, or ask with timeoutMs 0.`,
    { retryAfter: 2 },
  ),
  database_unavailable: fixed("unavailable", "The database does not answer. Try again in a moment."),
  starting: fixed("unavailable", "The control plane is still starting. Try again in a moment."),

  // What the transport refuses before it knows what the request is for.
  unknown_path: worded(
    "unknownPath",
    ({ method, path }: { method: string; path: string }) =>
      `No such endpoint: ${plain(method)} ${plain(path)}. docs/api.md lists the endpoints.`,
    { method: "GET", path: "/api/foo" },
  ),
  unknown_procedure: fixed("unknownPath", "There is no such procedure. docs/api.md lists the procedures."),
  method_not_supported: worded(
    "otherMethod",
    ({ allowed }: { allowed: readonly string[] }) => `This endpoint takes ${inWords(allowed)} requests.`,
    { allowed: ["GET", "POST"] },
  ),
  malformed_body: fixed("malformed", "The body is not a JSON object in UTF-8."),
  malformed_request: worded(
    "malformed",
    ({ problem }: { problem: RequestProblem }) => `The request cannot be read: ${problem}.`,
    { problem: "its query names a parameter twice" },
  ),
  target_too_long: fixed(
    "tooLong",
    "The request target is too long: a path has 1,024 bytes at most, and a target 8,192.",
  ),
  body_too_large: worded(
    "tooLarge",
    ({ most }: { most: number }) => `The body is too large: it may have ${bytes(most)} at most here.`,
    { most: 1024 * 1024 },
  ),
  body_too_slow: fixed("tooSlow", "The body arrived too slowly. Send it at 16 KiB a second or faster."),
  unsupported_media_type: fixed("otherMediaType", "The content type is not application/json. Send the body as JSON."),
  expectation_failed: fixed("expectationFailed", "The only expectation that the server meets is 100-continue."),
  internal: fixed("internal", "An unexpected error occurred. The server's log has its details under this requestId."),
} satisfies Readonly<Record<string, AnyDefinition>>;

/** Every reason. Stable: clients rely on it. */
export type Reason = keyof typeof reasons;

/** A reason with which operations, sign-in and commands of the host refuse. */
export type RefusalReason = ReasonOf<RefusalKind>;

/** A reason with which the transport refuses, whatever the request is for. */
export type TransportReason = Exclude<Reason, RefusalReason>;

type ReasonOf<K> = { [R in Reason]: (typeof reasons)[R]["kind"] extends K ? R : never }[Reason];

/** The parameters of a reason's sentence; undefined if it has none. */
export type ParamsOf<R extends Reason> = (typeof reasons)[R]["example"];

/** A request that was sent to a host which is not an address of the control plane. */
export interface WrongHost {
  /** The `Host` header in a form that is safe for a message; null if there is none. */
  readonly host: string | "unreadable" | null;
  /** Whether the headers of the request show that a proxy forwarded it. */
  readonly forwarded: boolean;
  /** The address where people sign in: `https://portcullis.example.org`. */
  readonly publicOrigin: string;
}

/** The parameters of a rate limit. */
interface Limited {
  /** The name of the limit: `sign-in:ip`. */
  readonly limit: string;
  /** The number of seconds before the next attempt is accepted. */
  readonly retryAfter: number;
}

/** A rule that a password breaks. The message never holds the password. */
interface Weakness {
  readonly reason: string;
  readonly message: string;
}

/** A decision before a transaction that can be outdated inside it. */
export type Premise =
  | "the hash algorithm"
  | "the password policy"
  | "the organization of the session"
  | "the organization's rule for upstreams"
  | "the name's slug";

type LinkPurpose = "set_up" | "password" | "second_factor";

type LinkEnd = "command_line" | "other_link" | "password_change";

/** The work that waits in a full queue. */
export type BusyWork =
  | "sign-ins"
  | "passwords to hash"
  | "of your passwords to hash"
  | "host names to check"
  | "upstreams to check"
  | "changes of the same objects";

/** The resources that a process limits. */
export type OverloadedWith =
  | "active requests"
  | "connections"
  | "exports that are being sent"
  | "pages that are being sent"
  | "request bodies in memory";

/** The problem of a request that is refused before any other check. */
export type RequestProblem =
  | "a request holds one call"
  | "its form is neither URL-encoded nor a flat JSON object, or has a field twice"
  | "its query names a parameter twice"
  | "it has to name its host once"
  | `its target ${string}`;

const linkWords: Readonly<Record<LinkPurpose, string>> = {
  set_up: "set-up link",
  password: "password link",
  second_factor: "password link",
};

const linkEndings: Readonly<Record<LinkEnd | "unknown", string>> = {
  command_line: "the installation was set up on the host's command line. Sign in, or use the link from there.",
  other_link: "a newer link was created. Use the newer one.",
  password_change: "the password was changed. Sign in with the new password.",
  unknown: "get a new one.",
};

function wrongHostSentence({ host, forwarded, publicOrigin }: WrongHost): string {
  const named = host === "unreadable" ? "for a host that cannot be read" : `for the host ${host}`;
  return [
    `This request arrived ${forwarded ? "through a proxy " : ""}${host === null ? "without a host" : named}, and people sign in at ${publicOrigin} (PORTCULLIS_PUBLIC_URL).`,
    `Open that address. If you did, a proxy in front of Portcullis replaces the Host header: it has to pass on "Host: ${new URL(publicOrigin).host}".`,
    "docs/behind-a-proxy.md shows how, for Traefik, nginx and Caddy.",
  ].join(" ");
}

/** Returns the name of a kind for people: `service account`. */
function objectWords(kind: string): string {
  if (kind === "apiKey") return "API key";
  if (kind === "reach") return "organization";
  return kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** An id is repeated only if it has the form of one: a text in its place can be a pasted secret. */
function idWords(id: string | null): string {
  return id !== null && hasFormOfId(id) ? ` with the id ${quoted(id)}` : "";
}

function oneOf(values: readonly string[]): string {
  return values.map(quotedUrl).join(" or ");
}

const mostFields = 10;

function fieldsInWords(fields: Fields): string {
  const named = Object.entries(fields).map(([path, word]) => `${plain(path)} (${word})`);
  const more = named.length - mostFields;
  return named.length === 0
    ? "it does not name what the request is about"
    : `${named.slice(0, mostFields).join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
}

function seconds(count: number): string {
  return count === 1 ? "1 second" : `${count} seconds`;
}

function bytes(count: number): string {
  const kibibytes = count / 1024;
  return kibibytes < 1024 ? `${kibibytes} KiB` : `${kibibytes / 1024} MiB`;
}
