import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { deadlineAround, TooLate } from "#src/platform/deadline";
import { errorCode } from "#src/platform/files/folder-lock";
import { dialable } from "#src/platform/net/listen-address";
import { PASS_HEADER, REVISION_HEADER, TAG_HEADER } from "#src/traefik/compiler/names";

/** A gateway's response to an anonymous visitor. */
export interface GatewayResponse {
  readonly status: number;
  readonly tag: string | null;
  readonly pass: string | null;
  readonly revision: string | null;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Sends requests to a gateway as a visitor would: without a credential, without following redirects, and keeping only
 * the headers.
 */
export interface GatewayClient {
  /** Sends a HEAD request from any address of this machine; null if there is no response in time. */
  request(address: string, host: string, path: string): Promise<GatewayResponse | null>;
  /**
   * Sends the same request to a gateway on loopback, from an address that an allowlist of 127.0.0.1 does not cover. If
   * this machine has no such address, no request is sent.
   * @param patienceMs if it is not null and no response arrives in this time, the result is "too_slow"
   */
  requestAsVisitor(
    address: string,
    host: string,
    path: string,
    patienceMs: number | null,
  ): Promise<GatewayResponse | null | "not_from_here" | "too_slow">;
  close(): void;
}

interface ClientLimits {
  readonly timeoutMs: number;
  /** Concurrent connections to one address. The prober has lower limits of its own. */
  readonly connections: number;
  /** The source address of a visitor's request to a gateway on loopback. */
  readonly visitFrom?: string;
}

/** A second address of the loopback network (see `Dial.loopback`). */
const otherLoopback = "127.0.0.2";

export function gatewayClient(
  { timeoutMs, connections, visitFrom = otherLoopback }: ClientLimits = { timeoutMs: 5_000, connections: 1_024 },
): GatewayClient {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });

  const once = (address: string, host: string, path: string, from: string | undefined, withinMs: number) =>
    new Promise<GatewayResponse | Error>((resolve) => {
      const dial = dialable(address);
      const sent = request({
        method: "HEAD",
        host: dial.host,
        port: dial.port,
        path,
        agent,
        timeout: withinMs,
        headers: { host, "user-agent": "portcullis-probe" },
        ...(from === undefined ? {} : { localAddress: from }),
      });
      const endDeadline = deadlineAround(sent, withinMs, resolve);
      sent.on("response", (response) => {
        endDeadline();
        response.resume();
        response.on("error", () => undefined);
        resolve({
          status: response.statusCode ?? 0,
          tag: header(response.headers, TAG_HEADER),
          pass: header(response.headers, PASS_HEADER),
          revision: header(response.headers, REVISION_HEADER),
          headers: response.headers,
        });
      });
      sent.end();
    });

  /**
   * The server may close a kept-alive connection at the moment of a request, so the request is repeated on a new one.
   */
  const twice = async (...parameters: Parameters<typeof once>) => {
    const response = await once(...parameters);
    const code = response instanceof Error ? errorCode(response) : null;
    return code === "ECONNRESET" || code === "EPIPE" ? once(...parameters) : response;
  };

  return {
    async request(address, host, path) {
      const response = await twice(address, host, path, undefined, timeoutMs);
      return "status" in response ? response : null;
    },
    async requestAsVisitor(address, host, path, patienceMs) {
      const from = dialable(address).loopback ? visitFrom : undefined;
      const response = await twice(address, host, path, from, Math.min(patienceMs ?? timeoutMs, timeoutMs));
      if ("status" in response) return response;
      if (response instanceof TooLate && patienceMs !== null) return "too_slow";
      const code = errorCode(response);
      return code === "EADDRNOTAVAIL" || code === "EINVAL" ? "not_from_here" : null;
    },
    close: () => agent.destroy(),
  };
}

function header(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(", ") : (value ?? null);
}
