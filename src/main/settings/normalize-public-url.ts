export type PublicUrl =
  | { readonly ok: true /** Scheme, host and port, without a slash at its end. */; readonly origin: string }
  /** `problem` is the rest of a sentence that begins with the setting's name. */
  | { readonly ok: false; readonly problem: string };

const example = "https://portcullis.example.org";

/**
 * Normalizes a public address: scheme and host in lower case, without the default port of the scheme, without a
 * trailing slash. Browsers compare origins character by character, and so does the rest of the code.
 * @param text the value of the setting
 */
export function normalizePublicUrl(text: string): PublicUrl {
  const given = text.includes("@") ? "" : `, and is ${JSON.stringify(text)}`; // it may contain a password
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    const meant = normalizePublicUrl(`https://${text.replace(/^\/+/, "")}`);
    return wrong(`must begin with https:// or http://${given}${meant.ok ? `: ${meant.origin} may be meant` : ""}`);
  }
  if (scheme !== "https" && scheme !== "http") {
    return wrong(`must be a URL with http or https, ${example} for example${given}`);
  }
  if (/[\s\\\p{Cc}]/u.test(text) || !URL.canParse(text)) return wrong(`must be a URL, ${example} for example${given}`);
  const url = new URL(text);
  url.hostname = url.hostname.replace(/\.$/, "");
  if (url.username !== "" || url.password !== "" || /^[^:]+:\/\/[^/?#]*@/.test(text)) {
    return wrong(`must not hold a user or a password: ${url.origin} may be meant`);
  }
  const rest = text.replace(/^[^:]+:\/\/[^/?#]*/, "").replace(/^\/+/, "");
  if (rest === "") return { ok: true, origin: url.origin };
  const kind = rest.startsWith("?") ? "query" : rest.startsWith("#") ? "fragment" : "path";
  const why = kind === "path" ? ", since it answers at the root of a host" : "";
  return wrong(`must not have a ${kind} (${JSON.stringify(rest)})${why}: ${url.origin} may be meant`);
}

function wrong(problem: string): PublicUrl {
  return { ok: false, problem };
}
