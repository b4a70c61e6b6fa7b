import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { patienceMs } from "./patience";

export interface GatewayRequest {
  readonly host: string;
  /** Sent as it is, not normalized. */
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** `username:password`, sent as UTF-8. */
  readonly user?: string;
  readonly entryPoint?: "web" | "portcullis";
  readonly timeoutMs?: number;
}

export interface GatewayResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly tag: string | null;
  readonly pass: string | null;
  readonly revision: string | null;
}

/** @throws Error with `log` if `wanted` accepts no answer within `timeoutMs` */
export async function askUntil(
  ask: () => Promise<GatewayResponse>,
  wanted: (answer: GatewayResponse) => boolean,
  timeoutMs: number,
  log: () => string,
): Promise<GatewayResponse> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`Traefik still answers ${answer.status}, tag ${answer.tag}:\n${log()}`);
    await delay(20);
  }
}

/** Sends one request on a new connection. */
export function askGateway(address: string, request: GatewayRequest): Promise<GatewayResponse> {
  const [hostname, port] = hostAndPort(address);
  const authorization =
    request.user === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(request.user, "utf8").toString("base64")}` };
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        hostname,
        port,
        path: request.path ?? "/",
        method: request.method ?? "GET",
        headers: { host: request.host, ...authorization, ...request.headers },
        agent: false,
        timeout: request.timeoutMs ?? patienceMs,
      },
      (answer) => {
        let body = "";
        answer.setEncoding("utf8");
        answer.on("data", (text: string) => {
          body += text;
        });
        answer.on("error", reject);
        answer.on("end", () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body,
            tag: header(answer.headers, "x-portcullis-tag"),
            pass: header(answer.headers, "x-portcullis-pass"),
            revision: header(answer.headers, "x-portcullis-revision"),
          }),
        );
      },
    );
    sent.on("timeout", () => sent.destroy(new Error(`no response from ${address}`)));
    sent.on("error", reject);
    sent.end();
  });
}

function header(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : (value ?? null);
}

/** Splits `host:port` into its two parts. */
export function hostAndPort(address: string): [string, number] {
  const colon = address.lastIndexOf(":");
  return [address.slice(0, colon), Number(address.slice(colon + 1))];
}
