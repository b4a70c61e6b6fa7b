import { quoted } from "../quoted";
import { type AnyDefinition, fixed, worded } from "../reason";

/** Who is asking, and what the caller may not do. */
export const accessReasons = {
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
    "The organization of your session or API key changed after this request began. Check which one it is now, and send the request again.",
  ),
  session_required: fixed(
    "forbidden",
    "This needs a person who is signed in, and you sent an API key. Sign in instead.",
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
      `Only a page of ${origin} may send this request, and its Origin header names another one.`,
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
    "An API key cannot give wider limits than its own. Narrow allowedIps and requestsPerMinute, or use another key.",
  ),
  provider_above_own: fixed(
    "forbidden",
    "A provider can sign in owners, and you do not have all of an owner's permissions. An owner has to make the change.",
  ),
} satisfies Readonly<Record<string, AnyDefinition>>;

/** A request that was sent to a host which is not an address of the control plane. */
export interface WrongHost {
  /** The `Host` header in a form that is safe for a message; null if there is none. */
  readonly host: string | "unreadable" | null;
  /** Whether the headers of the request show that a proxy forwarded it. */
  readonly forwarded: boolean;
  /** The address where people sign in: `https://portcullis.example.org`. */
  readonly publicOrigin: string;
}

function wrongHostSentence({ host, forwarded, publicOrigin }: WrongHost): string {
  const named = host === "unreadable" ? "for a host that cannot be read" : `for the host ${host}`;
  return [
    `This request arrived ${forwarded ? "through a proxy " : ""}${host === null ? "without a host" : named}, and people sign in at ${publicOrigin} (PORTCULLIS_PUBLIC_URL).`,
    `Open that address. If you did, a proxy in front of Portcullis replaces the Host header: it has to pass on "Host: ${new URL(publicOrigin).host}".`,
    "docs/behind-a-proxy.md shows how, for Traefik, nginx and Caddy.",
  ].join(" ");
}
