/** Where to connect, and from where. */
export interface Dial {
  readonly host: string;
  readonly port: number;
  /** The gateway is on loopback: asked from an address of its own, which no tenant's allowlist of 127.0.0.1 covers. */
  readonly loopback: boolean;
}

/**
 * A listening address (`host:port`, `:port`, `[::]:port`) as an address to connect to: what listens everywhere is
 * asked on loopback.
 * @throws TypeError for what is none
 */
export function dialable(address: string): Dial {
  const [, bracketed, plain, portText] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]*)):(\d{1,5})$/i.exec(address) ?? [];
  const port = Number(portText);
  if (portText === undefined || port < 1 || port > 65_535) throw new TypeError("not an address of the form host:port");
  const given = bracketed ?? plain ?? "";
  const host = given === "" || given === "0.0.0.0" || given === "::" ? "127.0.0.1" : given;
  return { host, port, loopback: /^127\./.test(host) || host === "localhost" };
}
