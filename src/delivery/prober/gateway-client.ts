import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { deadlineAround, TooLate } from "../../platform/deadline";
import { errorCode } from "../../platform/files/folder-lock";
import { dialable } from "../../platform/net/listen-address";
import { PASS_HEADER, REVISION_HEADER, TAG_HEADER } from "../../traefik/compiler/names";

/** What a gateway answered to an anonymous visitor. */
export interface GatewayAnswer {
  readonly status: number;
  readonly tag: string | null;
  readonly pass: string | null;
  readonly revision: string | null;
  readonly headers: IncomingHttpHeaders;
}

/** Asks a gateway as a visitor would: no credential, no redirect followed, nothing kept but the headers. */
export interface GatewayClient {
  /** HEAD, from whatever address of this machine; null when nobody answers in time. */
  ask(address: string, host: string, path: string): Promise<GatewayAnswer | null>;
  /**
   * The same, of a gateway on loopback from an address that no allowlist of 127.0.0.1 covers; where this machine does
   * not have one, nobody is asked.
   * @param patienceMs where it is not null and no answer came in this time, the result is "too_slow"
   */
  askAsVisitor(
    address: string,
    host: string,
    path: string,
    patienceMs: number | null,
  ): Promise<GatewayAnswer | null | "not_from_here" | "too_slow">;
  close(): void;
}

interface ClientLimits {
  readonly timeoutMs: number;
  /** To one address, at the same time. The prover has bounds of its own; this one is above them. */
  readonly connections: number;
  /** Whence a gateway on loopback is asked as a visitor. */
  readonly visitFrom?: string;
}

/** An address of the loopback network that is not the usual one (see `Dial.loopback`). */
const otherLoopback = "127.0.0.2";

export function gatewayClient(
  { timeoutMs, connections, visitFrom = otherLoopback }: ClientLimits = { timeoutMs: 5_000, connections: 1_024 },
): GatewayClient {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });

  const once = (address: string, host: string, path: string, from: string | undefined, withinMs: number) =>
    new Promise<GatewayAnswer | Error>((resolve) => {
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
      const answered = deadlineAround(sent, withinMs, resolve);
      sent.on("response", (answer) => {
        answered();
        answer.resume();
        answer.on("error", () => undefined);
        resolve({
          status: answer.statusCode ?? 0,
          tag: header(answer.headers, TAG_HEADER),
          pass: header(answer.headers, PASS_HEADER),
          revision: header(answer.headers, REVISION_HEADER),
          headers: answer.headers,
        });
      });
      sent.end();
    });

  /** A connection that was kept alive may have been closed at this very moment; a fresh one tells. */
  const twice = async (...asked: Parameters<typeof once>) => {
    const answer = await once(...asked);
    const code = answer instanceof Error ? errorCode(answer) : null;
    return code === "ECONNRESET" || code === "EPIPE" ? once(...asked) : answer;
  };

  return {
    async ask(address, host, path) {
      const answer = await twice(address, host, path, undefined, timeoutMs);
      return "status" in answer ? answer : null;
    },
    async askAsVisitor(address, host, path, patienceMs) {
      const from = dialable(address).loopback ? visitFrom : undefined;
      const answer = await twice(address, host, path, from, Math.min(patienceMs ?? timeoutMs, timeoutMs));
      if ("status" in answer) return answer;
      if (answer instanceof TooLate && patienceMs !== null) return "too_slow";
      const code = errorCode(answer);
      return code === "EADDRNOTAVAIL" || code === "EINVAL" ? "not_from_here" : null;
    },
    close: () => agent.destroy(),
  };
}

function header(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(", ") : (value ?? null);
}
