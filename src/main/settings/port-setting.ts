/** A port, or a problem: the rest of a sentence that begins with the name of the setting. */
export type PortSetting =
  | { readonly ok: true; readonly port: number }
  | { readonly ok: false; readonly problem: string };

const highest = 65_535;

/** Parses a port. @param text the value of PORT */
export function readPort(text: string): PortSetting {
  if (/^\d{1,9}$/.test(text) && Number(text) <= highest) return { ok: true, port: Number(text) };
  const rule = `must be a whole number from 0 to ${highest}`;
  const address = /^(?:([a-z]+):\/\/)?(\[[0-9A-Fa-f:.]+\]|[^\s:/]*):(\d{1,5})\/?$/.exec(text);
  if (address === null || Number(address[3]) > highest) {
    return { ok: false, problem: `${rule}, and is ${JSON.stringify(text.slice(0, 100))}` };
  }
  const [, scheme, host = "", port] = address;
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") {
    return {
      ok: false,
      problem: `${rule}, and is ${JSON.stringify(text)}, the address of a service, as Kubernetes sets it for a service of that name: set PORT=${port}, or enableServiceLinks: false`,
    };
  }
  const bare = host.replace(/^\[|\]$/g, "");
  const meant = bare === "" ? `PORT=${port}` : `PORT=${port} and HOST=${bare}`;
  return { ok: false, problem: `${rule} without an address, and is ${JSON.stringify(text)}: ${meant} may be meant` };
}
