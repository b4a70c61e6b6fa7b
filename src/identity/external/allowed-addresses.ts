import { lookup as lookUp } from "node:dns";
import { type ClientRequestArgs, Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { Duplex } from "node:stream";
import { NoResponse, TooLate } from "#src/platform/deadline";
import { type AddressClass, classifyAddress } from "#src/platform/net/addresses";
import type { Resolver } from "#src/platform/values";
import type { AllowedAddresses } from "./provider";

/**
 * An organization's owner chooses the address of its provider, and this server connects to it. Addresses in the
 * server's own network and cloud metadata addresses are therefore refused.
 */
const refusedClasses: Readonly<Record<AllowedAddresses, ReadonlySet<AddressClass>>> = {
  anywhere: new Set(),
  local: new Set(["metadata", "link-local", "multicast"]),
  public: new Set(["metadata", "link-local", "multicast", "loopback", "unspecified", "private"]),
};

/** This address is not allowed for a provider. */
export class AddressRefused extends Error {
  override readonly name = "AddressRefused";
}

/** @throws AddressRefused another scheme than https (or http, if the reach is not `public`), or a refused address */
export function requireAllowedUrl(url: string, allowed: AllowedAddresses): void {
  const { protocol, hostname, username, password } = new URL(url);
  const schemes = allowed === "public" ? ["https:"] : ["https:", "http:"];
  if (!schemes.includes(protocol) || username !== "" || password !== "") {
    throw new AddressRefused("a provider needs https");
  }
  const host = hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0) requireAllowedAddress(host, allowed);
}

function requireAllowedAddress(address: string, allowed: AllowedAddresses): void {
  const kind = classifyAddress(address);
  if (kind === null || refusedClasses[allowed].has(kind))
    throw new AddressRefused("this address is not allowed for a provider");
}

/** The most bytes and milliseconds of one connection to a provider. Its responses have a few kB. */
const mostBytes = 1024 * 1024;
export const mostMs = 10_000;

/** Milliseconds without a byte. */
const idleMs = 3_500;

/** The options of requests to a provider: allowed addresses only, and limited resources. */
export interface RequestOptions {
  readonly agent: HttpAgent | HttpsAgent;
  readonly lookup: LookupFunction;
  readonly timeout: number;
}

/** @throws AddressRefused */
export function requestOptions(url: string, allowed: AllowedAddresses, resolver: Resolver): RequestOptions {
  requireAllowedUrl(url, allowed);
  const agent = url.startsWith("https:") ? new BoundedHttpsAgent() : new BoundedHttpAgent();
  return { agent, lookup: lookupWithin(allowed, resolver), timeout: idleMs };
}

/** Resolves a name for one connection, which then uses an address that was checked. */
function lookupWithin(allowed: AllowedAddresses, resolver: Resolver): LookupFunction {
  return (name, options, callback) => {
    addressesOf(name, allowed, resolver)
      .then((addresses) => {
        for (const address of addresses) requireAllowedAddress(address, allowed);
        const [first] = addresses;
        if (first === undefined) throw new AddressRefused("the host name of a provider has no address");
        const found = addresses.map((address) => ({ address, family: isIP(address) }));
        if (options.all === true) callback(null, found);
        else callback(null, first, isIP(first));
      })
      .catch((error: Error) => callback(error, ""));
  };
}

/** For an organization, only DNS is used; otherwise also the host's own sources of names. */
function addressesOf(name: string, allowed: AllowedAddresses, resolver: Resolver): Promise<readonly string[]> {
  if (allowed === "public") return resolver.addresses(name);
  return new Promise((resolve, reject) => {
    lookUp(name, { all: true }, (error, found) =>
      error ? reject(error) : resolve(found.map(({ address }) => address)),
    );
  });
}

type Connected = (error: Error | null, stream: Duplex) => void;

class BoundedHttpAgent extends HttpAgent {
  override createConnection(options: ClientRequestArgs, callback?: Connected) {
    return bounded(super.createConnection(options, callback));
  }
}

class BoundedHttpsAgent extends HttpsAgent {
  override createConnection(options: ClientRequestArgs, callback?: Connected) {
    return bounded(super.createConnection(options, callback));
  }
}

/** Closes the connection if a provider answers without end, one byte at a time, or with a protocol switch. */
function bounded<S extends Duplex | null | undefined>(stream: S): S {
  if (!stream) return stream;
  let bytes = 0;
  const late = setTimeout(() => stream.destroy(new TooLate("the provider took too long")), mostMs).unref();
  const changesProtocol = protocolWatch();
  stream.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (changesProtocol(chunk)) stream.destroy(new NoResponse("the provider's response switches protocols (101)"));
    if (bytes > mostBytes) stream.destroy(new NoResponse("the provider's response is too long"));
  });
  stream.on("close", () => clearTimeout(late));
  // The request listens as well, but only from the next turn of the event loop on, and until it hands over the socket.
  stream.on("error", () => undefined);
  return stream;
}

const maxHeadBytes = 16_384;

/**
 * Looks for the response 101 in the data of a connection, after any number of other informational responses. Node
 * closes the connection in that case, and never reports an error on the request.
 */
function protocolWatch(): (chunk: Buffer) => boolean {
  let head: string | null = "";
  return (chunk) => {
    if (head === null) return false;
    head += chunk.toString("latin1");
    while (/^HTTP\/1\.[01] 1\d\d/.test(head) && head.includes("\r\n\r\n") && !isChange(head)) {
      head = head.slice(head.indexOf("\r\n\r\n") + 4);
    }
    if (isChange(head)) return true;
    if (head.length > maxHeadBytes || !couldBeInformational(head)) head = null;
    return false;
  };
}

const isChange = (head: string) => /^HTTP\/1\.[01] 101\b/.test(head);

/** Whether a response with status 1xx can begin with this text. */
function couldBeInformational(head: string): boolean {
  return ["HTTP/1.1 1", "HTTP/1.0 1"].some((start) => start.startsWith(head.slice(0, start.length)));
}
