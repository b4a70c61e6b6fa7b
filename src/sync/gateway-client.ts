import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { dialable } from "../core/sync/dialable";
import { PASS_HEADER, REVISION_HEADER, TAG_HEADER } from "../core/traefik/names";

/** What a gateway answered to an anonymous visitor. */
export interface GatewayAnswer {
  readonly status: number;
  readonly tag: string | null;
  readonly pass: string | null;
  readonly revision: string | null;
}

/** Asks a gateway as a visitor would: no credential, no redirect followed, nothing kept but the headers. */
export interface GatewayClient {
  /** HEAD; null when nobody answers in time. */
  ask(address: string, host: string, path: string): Promise<GatewayAnswer | null>;
  close(): void;
}

interface ClientLimits {
  readonly timeoutMs: number;
  readonly connections: number;
}

/** An address of the loopback network that is not the usual one (see `Dial.loopback`). */
const otherLoopback = "127.0.0.2";

export function gatewayClient(
  { timeoutMs, connections }: ClientLimits = { timeoutMs: 5_000, connections: 32 },
): GatewayClient {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let bindsOther = true;

  const once = (address: string, host: string, path: string, from: string | undefined) =>
    new Promise<GatewayAnswer | NodeJS.ErrnoException>((resolve) => {
      const dial = dialable(address);
      const sent = request({
        method: "HEAD",
        host: dial.host,
        port: dial.port,
        path,
        agent,
        timeout: timeoutMs,
        headers: { host, "user-agent": "portcullis-probe" },
        ...(from === undefined ? {} : { localAddress: from }),
      });
      const deadline = setTimeout(() => sent.destroy(new Error("no answer in time")), timeoutMs);
      sent.on("response", (answer) => {
        clearTimeout(deadline);
        answer.resume();
        answer.on("error", () => undefined);
        resolve({
          status: answer.statusCode ?? 0,
          tag: header(answer.headers, TAG_HEADER),
          pass: header(answer.headers, PASS_HEADER),
          revision: header(answer.headers, REVISION_HEADER),
        });
      });
      sent.on("timeout", () => sent.destroy(new Error("no answer in time")));
      sent.on("error", (error) => {
        clearTimeout(deadline);
        resolve(error);
      });
      sent.end();
    });

  return {
    async ask(address, host, path) {
      const other = bindsOther && dialable(address).loopback ? otherLoopback : undefined;
      let answer = await once(address, host, path, other);
      if (other !== undefined && "code" in answer && (answer.code === "EADDRNOTAVAIL" || answer.code === "EINVAL")) {
        bindsOther = false;
        answer = await once(address, host, path, undefined);
      }
      // A connection that was kept alive may have been closed at this very moment; a fresh one tells.
      if ("code" in answer && (answer.code === "ECONNRESET" || answer.code === "EPIPE")) {
        answer = await once(address, host, path, bindsOther ? other : undefined);
      }
      return "status" in answer ? answer : null;
    },
    close: () => agent.destroy(),
  };
}

function header(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(", ") : (value ?? null);
}
