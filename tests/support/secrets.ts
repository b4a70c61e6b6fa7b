/** Every password, key and hash that the factories created. Tests search for them where they must not be. */
const registered = new Set<string>();

export function registerSecret<T extends string>(secret: T): T {
  registered.add(secret);
  return secret;
}

export const registeredSecrets = (): ReadonlySet<string> => registered;

/** The forms in which a secret could leak: raw, base64, base64url without padding, URL-encoded, JSON-escaped. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, "utf8");
  const forms = [
    secret,
    bytes.toString("base64"),
    bytes.toString("base64url"),
    bytes.toString("hex"),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ];
  return [...new Set(forms)].filter((form) => form.length >= 6);
}
