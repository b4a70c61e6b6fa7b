import type { AuditVerdict } from "../features/audit-log/contract";
import type { CreatedOrganization, OperatorReset, Operators, RotatedSecrets } from "../main/host/contract";

/** Describes a new organization, with the key and the link that are shown once. */
export function describeOrganization({ organizationId, userId, apiKey, setupUrl }: CreatedOrganization): string {
  const ids = `Organization: ${organizationId}\nOwner:        ${userId}\nKey's id:     ${apiKey.apiKeyId}`;
  return [shownOnce(apiKey.key), ids, ...(setupUrl === null ? [] : [shownLink(setupUrl)])].join("\n\n");
}

/** Describes a reset, with the link to choose a new password. */
export function describeReset({ email, endedSessions, url }: OperatorReset): string {
  return `${endedSessions} sessions of ${email} have ended.\n\n${shownLink(url)}`;
}

/** Lists all accounts, one line each. */
export function describeOperators({ operators }: Operators): string {
  if (operators.length === 0) return "There are no accounts yet.";
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

/** Describes whether a log is intact; if it is not, the first broken entry. */
export function describeVerdict({
  organizationId,
  firstBroken,
  entries,
  sequence,
  unsealed,
  removed,
}: AuditVerdict): string {
  if (firstBroken) {
    const { sequence: at, auditId, why } = firstBroken;
    if (why === "unsealed") {
      const sealed = entries === 0 ? "No entry is sealed" : `${entries} entries up to ${sequence} are intact`;
      return `${organizationId}: NOT SEALED: ${unsealed} entries wait, the oldest is ${auditId}. ${sealed}. A running control plane seals entries within a second: start it, or look in its log for "could not be sealed"`;
    }
    return `${organizationId}: BROKEN at entry ${at}${auditId === null ? "" : ` (${auditId})`}: ${brokenHow[why]}`;
  }
  return [
    `${organizationId}: intact, ${entries} entries up to ${sequence}`,
    ...(removed ? [`those up to ${removed.sequence} were removed by retention on ${removed.at.slice(0, 10)}`] : []),
    ...(unsealed > 0 ? [`${unsealed} are not sealed yet`] : []),
  ].join("; ");
}

const brokenHow = {
  missing: "it is missing",
  altered: "it differs from the sealed entry",
  rewritten: "it differs from the checkpoint",
  cut: "the log ends before it, but the checkpoint includes it",
} as const;

/** Describes how many values were re-encrypted, and what remains to do. */
export function describeRotation({ total, resealed, unreadable }: RotatedSecrets): string {
  const parts = Object.entries(resealed).map(([table, count]) => `${table} ${count}`);
  return [
    `${total} values were re-encrypted (${parts.join(", ")}).`,
    unreadable > 0
      ? `${unreadable} values cannot be decrypted with any configured secret. Add the secret that encrypted them to PORTCULLIS_SECRET_PREVIOUS, and run this command again.`
      : "No value is encrypted with a previous secret now. Sessions that were signed with one stay valid until PORTCULLIS_SECRET_PREVIOUS is removed.",
  ].join("\n");
}

const shownLink = (url: string) => `Open this link to choose a password. It works once, within half an hour:\n${url}`;

/** Shows a key, which is displayed only once. */
export const shownOnce = (key: string) => `API key, shown only now:\n${key}`;
