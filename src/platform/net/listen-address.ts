/** The address to connect to, and the kind of local address. */
export interface Dial {
  readonly host: string;
  readonly port: number;
  /**
   * The gateway is on loopback. Probes then use a separate source address, which an allowlist with 127.0.0.1 does not
   * cover.
   */
  readonly loopback: boolean;
}

/**
 * Converts a listening address (`host:port`, `:port`, `[::]:port`) to an address to connect to: loopback if it listens
 * on all interfaces.
 * @throws TypeError the text is not a listening address
 */
export function dialable(address: string): Dial {
  const [, bracketed, plain, portText] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]*)):(\d{1,5})$/i.exec(address) ?? [];
  const port = Number(portText);
  if (portText === undefined || port < 1 || port > 65_535) throw new TypeError("not an address of the form host:port");
  const given = bracketed ?? plain ?? "";
  const host = given === "" || given === "0.0.0.0" || given === "::" ? "127.0.0.1" : given;
  return { host, port, loopback: /^127\./.test(host) || host === "localhost" };
}
