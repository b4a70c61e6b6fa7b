import { request as httpRequest } from "node:http";
import { openBrowser } from "../support/browser";
import { publicUrl } from "./kept";

let addresses = 0;

/**
 * A browser that connects to a control plane behind a proxy. The proxy passes `Host` on and names a client address
 * that no other browser has, because sign-in attempts are counted by address.
 * @param url the address on which the control plane listens
 */
export function browserOver(url: string) {
  const ip = `198.51.100.${++addresses}`;
  const handler = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    const headers = { ...Object.fromEntries(request.headers), host: new URL(publicUrl).host, "x-forwarded-for": ip };
    return send(`${url}${pathname}${search}`, request.method, headers, await request.text());
  };
  return openBrowser({ handler }, { origin: publicUrl, ip });
}

/** Uses `node:http`, because `fetch` sets its own `Host`. */
function send(url: string, method: string, headers: Record<string, string>, body: string): Promise<Response> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => {
        const responseHeaders = new Headers();
        for (const [name, values] of Object.entries(answer.headersDistinct))
          for (const value of values ?? []) responseHeaders.append(name, value);
        const status = answer.statusCode ?? 0;
        resolve(new Response(status === 204 ? null : Buffer.concat(chunks), { status, headers: responseHeaders }));
      });
    });
    sent.on("error", reject);
    sent.end(method === "GET" ? undefined : body);
  });
}
