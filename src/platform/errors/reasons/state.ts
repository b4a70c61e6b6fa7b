import { hasFormOfId } from "#src/platform/ids";
import type { ReservedFor } from "#src/platform/net/reserved-hosts";
import { oneOf, quoted, quotedUrl } from "../quoted";
import { type AnyDefinition, detailed, fixed, worded } from "../reason";
import { reservedMessage } from "../route-messages";

/** What does not exist, and what the present state does not allow. */
export const stateReasons = {
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
  already_closed: worded(
    "conflict",
    ({ since, closingReason }: { since: string; closingReason: string }) =>
      `This application is already closed, since ${since}, for this reason: ${quoted(closingReason)}. Reopen it first to close it for another reason.`,
    { since: "2026-11-03T09:15:00.000Z", closingReason: "The password of ada has leaked." },
  ),
  not_closed: fixed(
    "conflict",
    "This application is not closed by hand, so it cannot be reopened. Its exposure says what visitors get.",
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
  invitation_revoked: fixed("conflict", "This invitation was revoked. Ask for a new invitation."),
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
      `The holder of this key already has ${most} active API keys, which is the limit. Revoke one of them first.`,
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

  // A change that depends on what the caller last saw.
  stale_version: detailed(
    "preconditionFailed",
    ({ kind, by, at }: StaleVersion) =>
      `${by === null ? "Something" : actorWords(by)} changed this ${objectWords(kind)}${at === null ? "" : ` at ${at}`}, after you read it. Nothing was written; read it again, and send your change with its new version.`,
    {
      kind: "application",
      by: { kind: "person", name: "ada@example.org" },
      at: "2026-11-03T09:15:00.000Z",
      version: 1793697300000,
    },
  ),
  confirmation_required: detailed(
    "preconditionRequired",
    ({ act, total }: Confirmation) =>
      `This change needs a confirmation, because ${openingWords(act, total)}. Look at the preview (${previews[act]}), and send its digest as "confirm".`,
    { act: "access", total: 3 },
  ),
  preview_changed: detailed(
    "preconditionFailed",
    ({ act, total }: Confirmation) =>
      `This change would make public something else than the preview that was confirmed: now ${openingWords(act, total)}. Nothing was written; look at the new preview (${previews[act]}).`,
    { act: "access", total: 4 },
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
    "No control plane has started with this PORTCULLIS_SECRET yet. Start every control plane with it, and with the previous secret in PORTCULLIS_SECRET_PREVIOUS. Then run the command again.",
  ),
} satisfies Readonly<Record<string, AnyDefinition>>;

/** A decision before a transaction that can be outdated inside it. */
export type Premise =
  | "the hash algorithm"
  | "the password policy"
  | "the organization of the session"
  | "the organization's rule for upstreams"
  | "the name's slug";

/** Who changed an object after the caller read it, as the audit log names them. Null: the log does not say it. */
type StaleVersion = {
  readonly kind: string;
  readonly by: { readonly kind: ActorKind; readonly name: string | null } | null;
  readonly at: string | null;
  /** Of the object now; null for a kind without versions. */
  readonly version: number | null;
};

type ActorKind = "person" | "apiKey" | "serviceAccount" | "commandLine" | "system" | "anonymous";

/**
 * What makes applications public: a change of access, the end of the rule `neverPublic`, or the deletion of a
 * credential.
 */
export type OpeningAct = "access" | "never_public" | "deletion";

type Confirmation = {
  readonly act: OpeningAct;
  /** How many applications it makes public. */
  readonly total: number;
};

const previews: Readonly<Record<OpeningAct, string>> = {
  access: "applications.preview or applications.previewMany",
  never_public: "organizations.preview",
  deletion: "security.preview",
};

function openingWords(act: OpeningAct, total: number): string {
  const opens = total === 1 ? "one application becomes public" : `${total} applications become public`;
  return act !== "never_public" ? opens : `the organization allows public applications again, and ${opens}`;
}

const actorWordsOf: Readonly<Record<ActorKind, string>> = {
  person: "Another person",
  apiKey: "An API key",
  serviceAccount: "A service account",
  commandLine: "The command line of the host",
  system: "Portcullis",
  anonymous: "Something",
};

function actorWords({ kind, name }: { readonly kind: ActorKind; readonly name: string | null }): string {
  return name === null ? actorWordsOf[kind] : quoted(name);
}

type LinkPurpose = "set_up" | "password" | "second_factor";

type LinkEnd = "command_line" | "other_link" | "password_change";

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

/** Returns the name of a kind for people: `service account`. */
function objectWords(kind: string): string {
  if (kind === "apiKey") return "API key";
  if (kind === "reach") return "organization";
  return kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** An id is repeated only if it has the form of one: another text can be a pasted secret. */
function idWords(id: string | null): string {
  return id !== null && hasFormOfId(id) ? ` with the id ${quoted(id)}` : "";
}
