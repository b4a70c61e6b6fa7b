import type { AuditVerdict } from "../features/audit-log/contract";
import type { CreatedOrganization, OperatorReset, Operators, RotatedSecrets } from "../main/host/contract";

/** A new organization, with the key and the link that are shown once. */
export function describeOrganization({ organizationId, userId, apiKey, setupUrl }: CreatedOrganization): string {
  const ids = `Organization: ${organizationId}\nOwner:        ${userId}\nKey's id:     ${apiKey.apiKeyId}`;
  return [shownOnce(apiKey.key), ids, ...(setupUrl === null ? [] : [shownLink(setupUrl)])].join("\n\n");
}

/** What a reset did, and the link that leads out of it. */
export function describeReset({ email, endedSessions, url }: OperatorReset): string {
  return `${endedSessions} sessions of ${email} have ended.\n\n${shownLink(url)}`;
}

/** Everybody with an account, a line each. */
export function describeOperators({ operators }: Operators): string {
  if (operators.length === 0) return "Nobody has an account yet.";
  return operators
    .map(({ email, name, organizations, password, totp, passkeys, locked }) => {
      const roles = organizations.map((organization) => `${organization.role ?? "own role"} of ${organization.name}`);
      const ways = [
        { set: "password", must_change: "password to be chosen", none: "no password" }[password],
        ...(totp ? ["authenticator app"] : []),
        ...(passkeys > 0 ? [passkeys === 1 ? "1 passkey" : `${passkeys} passkeys`] : []),
        ...(locked ? ["LOCKED"] : []),
      ];
      return `${email}${name === null ? "" : ` (${name})`}: ${roles.join(", ") || "no organization"}; ${ways.join(", ")}`;
    })
    .join("\n");
}

/** Whether a log is whole; where it is not, the first place that shows it. */
export function describeVerdict({
  organizationId,
  firstBroken,
  entries,
  sequence,
  unsealed,
  removed,
}: AuditVerdict): string {
  if (firstBroken) {
    const { sequence: place, auditId, why } = firstBroken;
    if (why === "unsealed") {
      const sealed = entries === 0 ? "Nothing of it is sealed" : `${entries} entries up to ${sequence} are intact`;
      return `${organizationId}: NOT SEALED: ${unsealed} entries wait, the oldest is ${auditId}. ${sealed}. A running control plane seals entries within a second: start it, or look in its log for "could not be sealed"`;
    }
    return `${organizationId}: BROKEN at entry ${place}${auditId === null ? "" : ` (${auditId})`}: ${brokenHow[why]}`;
  }
  return [
    `${organizationId}: intact, ${entries} entries up to ${sequence}`,
    ...(removed ? [`those up to ${removed.sequence} were removed by retention on ${removed.at.slice(0, 10)}`] : []),
    ...(unsealed > 0 ? [`${unsealed} are not sealed yet`] : []),
  ].join("; ");
}

const brokenHow = {
  missing: "it is missing",
  altered: "it is not what was sealed there",
  rewritten: "it is not what the checkpoint says",
  cut: "the log ends before it, and the checkpoint knows of it",
} as const;

/** How much was sealed anew, and what is left to do. */
export function describeRotation({ total, resealed, unreadable }: RotatedSecrets): string {
  const parts = Object.entries(resealed).map(([table, count]) => `${table} ${count}`);
  return [
    `${total} values are sealed anew (${parts.join(", ")}).`,
    unreadable > 0
      ? `${unreadable} values are opened by none of the secrets that are set: name the one that sealed them in PORTCULLIS_SECRET_PREVIOUS, and run this again.`
      : "Nothing is sealed with a former secret any more. Sessions signed with one go on until PORTCULLIS_SECRET_PREVIOUS is removed.",
  ].join("\n");
}

const shownLink = (url: string) => `To choose a password, once, within half an hour:\n${url}`;

/** The one time that a key is seen. */
export const shownOnce = (key: string) => `API key, shown this once:\n${key}`;
