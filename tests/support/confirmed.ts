import type { Call, CallResponse } from "./call-response";

/** The preview of each change that can need a confirmation, with the fields that it takes. */
const previews: Readonly<Record<string, readonly [procedure: string, ...fields: string[]]>> = {
  "applications.update": ["applications.preview", "applicationId", "access"],
  "applications.updateMany": ["applications.previewMany", "applicationIds", "access"],
  "organizations.update": ["organizations.preview", "organizationId", "neverPublic"],
  "security.delete": ["security.preview", "securityId"],
};

/**
 * Calls a change that makes something public, with the digest of its preview.
 * @returns the refusal of the preview, if that is refused
 */
export async function callConfirmed<T = Record<string, unknown>>(
  call: Call,
  procedure: string,
  input: Readonly<Record<string, unknown>>,
): Promise<CallResponse<T>> {
  const [preview, ...fields] = previews[procedure] ?? [];
  if (preview === undefined) throw new Error(`${procedure} has no preview`);
  const given = Object.fromEntries(fields.filter((field) => field in input).map((field) => [field, input[field]]));
  const shown = await call<T & { digest: string }>(preview, given);
  return shown.status === 200 ? call<T>(procedure, { ...input, confirm: shown.data.digest }) : shown;
}
